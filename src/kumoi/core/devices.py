"""Where in a guest its nics and volumes are, the same over every boot; and those of them that its user tagged.

Root disk and config drive are not among them: nobody has to look for these.
"""

from typing import Final, Literal

import msgspec

from kumoi.core.errors import Invalid

TAG_MOST: Final = 60
# On bus 0, where nothing else may be put: a guest names its nics by these.
FIRST_NIC_SLOT: Final = 16
# Volumes have buses of their own, behind bridges, which take no more than this.
SLOTS_A_BRIDGE: Final = 31
SERIAL_LETTERS: Final = 20  # as many as virtio has room for


class TaggedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """`name`: a nic's MAC address, a volume's serial number. `slot`: its place among those of its kind."""

    kind: Literal["nic", "disk"]
    name: str
    slot: int
    tag: str

    @property
    def address(self) -> str:
        """On PCI, as the guest spells it."""
        bus, slot = nic_place(self.slot) if self.kind == "nic" else volume_place(self.slot)
        return f"0000:{bus:02x}:{slot:02x}.0"


def nic_place(slot: int) -> tuple[int, int]:
    """Its PCI bus, and its slot there."""
    return 0, FIRST_NIC_SLOT + slot


def volume_place(slot: int) -> tuple[int, int]:
    bridge, place = divmod(slot, SLOTS_A_BRIDGE)
    return 1 + bridge, 1 + place


def serial_of(volume_id: str) -> str:
    return volume_id[:SERIAL_LETTERS]


def check_tag(field: str, tag: str) -> str:
    """The tag; Invalid for what is none."""
    if not 1 <= len(tag) <= TAG_MOST or "/" in tag or "," in tag:
        raise Invalid("api", field=field, reason="format")
    return tag
