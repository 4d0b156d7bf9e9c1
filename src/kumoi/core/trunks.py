"""Trunks: a nic that carries other nics besides itself, each tagged with a VLAN of its own."""

from collections.abc import Iterable
from typing import Final

import msgspec

from kumoi.core.errors import Invalid
from kumoi.core.ids import NicId, ProjectId, TrunkId
from kumoi.core.networks import MOST_VLAN

CARRIES: Final = "trunk"  # the capability of hosts that take tagged frames of a guest apart
MOST_SUBPORTS: Final = 512
INHERITED: Final = 0  # the VLAN of the nic's own network, until a door knows which that is


class Subport(msgspec.Struct, frozen=True):
    """A nic whose frames are those of the trunk's nic that are tagged so."""

    nic_id: NicId
    vlan: int


class Trunk(msgspec.Struct, frozen=True, kw_only=True):
    """`admin_up` False: what it carries is not to be changed; frames pass on."""

    id: TrunkId
    project_id: ProjectId
    nic_id: NicId
    name: str = ""
    description: str = ""
    admin_up: bool = True
    subports: tuple[Subport, ...] = ()
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def check_subports(wished: Iterable[Subport]) -> None:
    """Each VLAN and each nic once, and VLANs that there are. Raises Invalid."""
    wished = tuple(wished)
    if len(wished) > MOST_SUBPORTS:
        raise Invalid("network", field="subports", reason="too_many", most=MOST_SUBPORTS)
    for one in wished:
        if one.vlan != INHERITED and not 1 <= one.vlan <= MOST_VLAN:
            raise Invalid("network", field="vlan", reason="range", bound=f"from 1 to {MOST_VLAN}", value=one.vlan)
    vlans = [one.vlan for one in wished if one.vlan != INHERITED]
    if len(set(vlans)) < len(vlans) or len({one.nic_id for one in wished}) < len(wished):
        raise Invalid("network", field="subports", reason="twice")
