"""tgtd's targets: what tgtadm says of them, and what it is told. One target a volume, one disk a target.

tgtd keeps all of it in memory. An initiator is let in by its name and its user's secret; until a target has a name it
lets nobody in, so that comes last. What does not belong here: whom to let in. Source: tgtadm(8).
"""

import re
from typing import Final

import msgspec

from kumoi.adapters.storage.iscsi.cell import Cell
from kumoi.core.disks import Export
from kumoi.core.exports import LUN, target_name, volume_of
from kumoi.core.ids import VolumeId

_TARGET: Final = re.compile(r"^Target (\d+): (\S+)$", re.MULTILINE)
_USERS: Final = re.compile(r"^ {4}Account information:\n((?: {8}\S+.*\n)*)", re.MULTILINE)
_NAMES: Final = re.compile(r"^ {4}ACL information:\n {8}\S", re.MULTILINE)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """`users`: whom it lets in; `accounts`: those bound to it, before it has a name too."""

    number: int
    users: frozenset[str]
    accounts: frozenset[str]


def parse(shown: str) -> dict[VolumeId, Target]:
    """Our targets among those that tgtadm shows."""
    heads = list(_TARGET.finditer(shown))
    ends = [head.start() for head in heads[1:]] + [len(shown)]
    found = {}
    for head, end in zip(heads, ends, strict=False):
        volume = volume_of(head[2])
        users = _USERS.search(shown, head.end(), end)
        bound = frozenset(line.split()[0] for line in users[1].splitlines()) if users else frozenset()
        named = _NAMES.search(shown, head.end(), end) is not None
        if volume is not None:
            found[volume] = Target(number=int(head[1]), users=bound if named else frozenset(), accounts=bound)
    return found


class Targets:
    """Every method raises Unavailable (what: tgtd) where that does not answer. One caller at a time."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def show(self) -> dict[VolumeId, Target]:
        return parse(self._tell("target", "show"))

    def make(self, volume: VolumeId, path: str, exports: tuple[Export, ...]) -> None:
        number = str(max((int(head[1]) for head in _TARGET.finditer(self._tell("target", "show"))), default=0) + 1)
        self._tell("target", "new", "--tid", number, "--targetname", target_name(volume))
        disk = ("--lun", str(LUN), "--backing-store", path, "--bstype", "rdwr")
        self._tell("logicalunit", "new", "--tid", number, *disk)
        # Its serial is what a guest would know it by, were QEMU not to give it another one.
        self._tell("logicalunit", "update", "--tid", number, "--lun", str(LUN), "--params", f"scsi_sn={volume[:20]}")
        accounts = self._tell("account", "show").split()
        for one in exports:
            if one.user in accounts:  # whoever made it was killed before it was bound
                self._tell("account", "delete", "--user", one.user)
            self._tell("account", "new", "--user", one.user, "--password", one.secret)
            self._tell("account", "bind", "--tid", number, "--user", one.user)
        for initiator in sorted({one.initiator for one in exports}):
            self._tell("target", "bind", "--tid", number, "--initiator-name", initiator)

    def remove(self, target: Target) -> None:
        """Whoever is connected is cut off."""
        self._tell("target", "delete", "--force", "--tid", str(target.number))
        for user in sorted(target.accounts):
            self._tell("account", "delete", "--user", user)

    def _tell(self, mode: str, act: str, *words: str) -> str:
        return self._cell.ask_tgtd("--mode", mode, "--op", act, *words)
