"""The fields of a subnet: read from a form, shown again, and tried while they are being typed."""

from ipaddress import ip_network
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.web.forms import Form
from kumoi.api.web.front import Front
from kumoi.api.web.wording import sentence
from kumoi.app.networks.atlas import Atlas, atlas
from kumoi.app.networks.subnets import SubnetWish
from kumoi.core import addressing
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import NetworkId, VpcId
from kumoi.core.networks import Ipv6Mode, Pool
from kumoi.core.subnet_rules import Draft, plan

FIELDS: Final = {"cidr": "cidr", "gateway": "gateway_address", "dns_servers": "dns", "pools": "pools",
                 "ra_mode": "modes", "address_mode": "modes", "subnet_id": "router", "dhcp": "cidr"}  # fmt: skip
MODES: Final[tuple[Ipv6Mode, ...]] = ("slaac", "dhcpv6-stateful", "dhcpv6-stateless")
_TEMPLATE: Final = "networks.html"


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What a block being typed would be. `tone` of a notice."""

    tone: str
    text: str


def wish(form: Form, network_id: NetworkId) -> SubnetWish:
    """Invalid (field) for what is no value at all."""
    mode: Ipv6Mode = next((m for m in MODES if m == form.text("modes")), "")
    six = ":" in form.text("cidr")
    return SubnetWish(
        network_id=network_id,
        cidr=form.text("cidr") or None,
        ip_version=6 if six else 4,
        ra_mode=mode if six else "",
        address_mode=mode if six else "",
        name=form.text("subnet_name"),
        gateway=_gateway(form),
        dhcp=form.on("dhcp"),
        pools=pools(form),
        dns_servers=dns(form),
    )


def dns(form: Form) -> tuple[str, ...]:
    return tuple(part.strip() for part in form.text("dns").split(",") if part.strip())


def _gateway(form: Form) -> str | None:
    match form.text("gateway"):
        case "none":
            return None
        case "own":
            return form.text("gateway_address") or "?"  # refused as no address, at its field
        case _:
            return ""


def pools(form: Form) -> tuple[Pool, ...] | None:
    lines = [line.strip() for line in form.raw("pools").split("\n") if line.strip()]
    found = []
    for line in lines:
        start, dash, end = line.partition("-")
        if not dash:
            raise Invalid("network", field="pools", reason="format", value=line)
        found.append(Pool(start.strip(), end.strip()))
    return tuple(found) or None


def values(front: Front, request: Request, form: Form, *, fresh: bool) -> dict[str, Any]:
    """What the fields show. `fresh`: the form was not sent yet, so that defaults count."""
    known = atlas(front.house, request.call())
    dns = ", ".join(front.house.rules.dns_servers) if fresh else form.text("dns")
    return {
        "cidr": suggested(known) if fresh else form.text("cidr"),
        "dns": dns,
        "dhcp": fresh or form.on("dhcp"),
        "fresh": fresh,
        "modes": [(m, m) for m in MODES],
        "routers": [(v.id, v.name or v.id) for v in known.vpcs],
    }


def suggested(known: Atlas) -> str:
    """A block of its own for the next network: such that one router may join them all."""
    taken = [s.cidr for s in known.subnets.values()]
    for number in range(256):
        cidr = f"10.{number}.0.0/24"
        if addressing.overlapping(ip_network(cidr), taken) is None:
            return cidr
    return ""


def try_out(front: Front, request: Request) -> Response:
    """What the block would give, or what is in its way, before anything is sent."""
    form, call = Form(request.query), request.call()
    known = atlas(front.house, call)
    return front.part(request, _TEMPLATE, "tried", tried=_tried(front, request, form, known))


def _tried(front: Front, request: Request, form: Form, known: Atlas) -> Tried | None:
    cidr = form.text("cidr")
    if not cidr:
        return None
    try:
        found = plan(Draft(cidr=cidr, gateway=_gateway(form), dhcp=form.on("dhcp"), pools=pools(form)))
    except KumoiError as e:
        return Tried(tone="warn", text=sentence(e, request.locale))
    block = ip_network(found.cidr)
    joined = known.cidrs_of(VpcId(form.text("router"))) if form.text("router") else ()
    if other := addressing.overlapping(block, joined):
        return Tried(tone="bad", text=front.say(request, "networks.plan.overlap_router", other=other))
    if other := addressing.overlapping(block, [s.cidr for s in known.subnets.values()]):
        return Tried(tone="warn", text=front.say(request, "networks.plan.overlap", other=other))
    if not found.pools:
        return None
    facts: dict[str, Any] = {
        "count": f"{addressing.pool_size(found.pools):,}",
        "first": found.pools[0].start,
        "last": found.pools[-1].end,
    }
    if found.gateway is None:
        return Tried(tone="good", text=front.say(request, "networks.plan.no_gateway", **facts))
    return Tried(tone="good", text=front.say(request, "networks.plan.good", gateway=found.gateway, **facts))
