"""Neutron's provider attributes: which network outside a network is a part of, and by which frames.

What does not belong here: the networks and ranges that have them.
"""

from typing import Any, Final

import msgspec

from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.networks import UNTAGGED

TUNNELLED: Final = "vxlan"


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """In core's words: `vni` of a network of the cloud's own, or `physical` with `vlan`; None: any free one."""

    vni: int | None = None
    physical: str = ""
    vlan: int | None = UNTAGGED


def read(network_type: str | None, physical: str | None, told: int | str | None) -> Numbered:
    """Raises Invalid where they do not go together, Unsupported for a type that there is not. openstackclient sends the
    number as text."""
    number = _number(told)
    match network_type or TUNNELLED:
        case "vxlan":
            if physical:
                raise _conflict("physical", TUNNELLED)
            return Numbered(vni=number)
        case "vlan":
            if number == UNTAGGED:
                raise Invalid("network", field="vlan", reason="range", bound="from 1 to 4094", value=number)
            return Numbered(physical=_there(physical), vlan=number)
        case "flat":
            if number is not None:
                raise _conflict("vlan", "flat")
            return Numbered(physical=_there(physical))
        case other:
            raise Unsupported("network", what=f"provider:network_type {other}")


def shown(physical: str, vlan: int, vni: int) -> dict[str, Any]:
    tagged = vlan != UNTAGGED
    return {
        "provider:network_type": TUNNELLED if not physical else "vlan" if tagged else "flat",
        "provider:physical_network": physical or None,
        "provider:segmentation_id": vni if not physical else vlan if tagged else None,
    }


def _number(told: int | str | None) -> int | None:
    if not isinstance(told, str):
        return told
    if not (told.isascii() and told.isdigit()):
        raise Invalid("network", field="vni", reason="wrong_type", expected="int", got="str")
    return int(told)


def _there(physical: str | None) -> str:
    if not physical:
        raise Invalid("network", field="physical", reason="missing")
    return physical


def _conflict(field: str, network_type: str) -> Invalid:
    return Invalid("network", field=field, reason="not_of_network_type", value=network_type)
