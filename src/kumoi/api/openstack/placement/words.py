"""Placement's names: of resources, and of what a host can (traits). And answers that are not to be kept."""

from email.utils import formatdate
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.openstack.placement.versions import at_least
from kumoi.app.hosts.providers import Provider
from kumoi.core.errors import Invalid
from kumoi.core.hosts import state

CLASSES: Final = {
    "VCPU": "vcpus",
    "MEMORY_MB": "memory_mib",
    "DISK_GB": "disk_gib",
    "NET_BW_EGR_KILOBIT_PER_SEC": "egress_kbps",
    "NET_BW_IGR_KILOBIT_PER_SEC": "ingress_kbps",
    "NET_PACKET_RATE_KILOPACKET_PER_SEC": "kpps",
}
RESOURCES: Final = {ours: theirs for theirs, ours in CLASSES.items()}
_NODE: Final = "COMPUTE_NODE"
_DISABLED: Final = "COMPUTE_STATUS_DISABLED"
TRAITS: Final = (_NODE, _DISABLED)


def traits_of(provider: Provider, now: float) -> list[str]:
    off = not provider.host.enabled or state(provider.host, now) != "up"
    return [_NODE, _DISABLED] if off else [_NODE]


def amounts(field: str, text: str) -> dict[str, int]:
    """`VCPU:1,MEMORY_MB:512` by our names. Invalid for a class that no host has."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.partition(":")
        if name not in CLASSES:
            raise Invalid("api", field=field, reason="not_in_enum", value=name[:64])
        if not number.isdecimal() or not 1 <= int(number) < 2**31 or CLASSES[name] in found:
            raise Invalid("api", field=field, reason="format")
        found[CLASSES[name]] = int(number)
    return found


def by_class(amounts: dict[str, int]) -> dict[str, int]:
    """By Placement's names; what it has no name for is left out."""
    return {RESOURCES[r]: n for r, n in amounts.items() if r in RESOURCES and n}


def answer(request: Request, value: Any) -> Response:
    if not at_least(request, 15):
        return json_response(value)
    modified = formatdate(request.now, usegmt=True)
    return json_response(value, headers=(("Cache-Control", "no-cache"), ("Last-Modified", modified)))
