"""Devices that stand for one VLAN of a trunk: what goes in is tagged, what the trunk hears with that tag comes out.

By the kernel's own 802.1Q where it has it. Else a wire stands for the device: its outer end is where frames are tagged
and put onto the trunk (`vlan_programs`). Both are called and told the same way: the alias names trunk and VLAN. What
does not belong here: which VLANs there shall be (`physical`, `segments`).
"""

import errno
from typing import Final

from pyroute2.netlink.exceptions import NetlinkError

from kumoi.adapters.linux import devices, wires
from kumoi.adapters.linux.links import Device, Links
from kumoi.adapters.linux.vlan_programs import Programs
from kumoi.core.errors import Unavailable

_ALIAS: Final = "tagged "


class Tags:
    """`programs`: for a kernel without 802.1Q."""

    def __init__(self, programs: Programs | None = None) -> None:
        self._programs = programs

    def ensure(self, home: Links, name: str, trunk: Device, vlan: int, bridge: Device, mtu: int) -> None:
        """The device `name` stands for the VLAN and is in the bridge. Raises Unavailable."""
        alias = alias_of(trunk.name, vlan)
        there = home.get(name)
        if there is not None and (there.alias != alias or self._lost(home, there, trunk)):
            self.remove(home, name)
            there = None
        if there is None:
            there = self._make(home, name, trunk, vlan, mtu)
        if there.kind == "veth":
            self._tie(home, name, trunk, vlan, mtu)
        wires.mend(home, there, mtu=mtu, alias=alias, bridge=bridge)

    def remove(self, home: Links, name: str) -> None:
        outer = home.get(devices.tagging_end(name))
        if outer is not None and self._programs is not None:
            self._programs.part(outer.index)
        home.remove(name)

    def able(self, home: Links) -> bool:
        return self._programs is not None or home.knows_vlans()

    def _make(self, home: Links, name: str, trunk: Device, vlan: int, mtu: int) -> Device:
        try:
            return home.add_vlan(name, trunk, vlan)
        except NetlinkError as e:
            if e.code not in {errno.EOPNOTSUPP, errno.EPROTONOSUPPORT}:
                raise
        if self._programs is None:
            raise Unavailable("network", what="802.1Q", trunk=trunk.name, vlan=vlan)
        return home.add_wire(name, devices.tagging_end(name), None, mtu)

    def _tie(self, home: Links, name: str, trunk: Device, vlan: int, mtu: int) -> None:
        """Programs at both places, and what they look up: harmless twice."""
        outer = home.get(devices.tagging_end(name))
        if outer is None or self._programs is None:
            raise Unavailable("network", what="802.1Q", trunk=trunk.name, vlan=vlan)
        wires.mend(home, outer, mtu=mtu, alias=alias_of(trunk.name, vlan))
        home.ensure_program(outer, self._programs.push)
        home.ensure_program(trunk, self._programs.pop)
        self._programs.join(outer.index, trunk.index, vlan)

    def _lost(self, home: Links, there: Device, trunk: Device) -> bool:
        """Whether it is bound to a former trunk of that name, or half of it is gone."""
        if there.kind == "vlan":
            return there.below != trunk.index
        return home.get(devices.tagging_end(there.name)) is None


def alias_of(trunk: str, vlan: int) -> str:
    return f"{_ALIAS}{trunk} {vlan}"


def is_tagged(alias: str) -> bool:
    """Whether a device of this alias stands for a VLAN."""
    return alias.startswith(_ALIAS)
