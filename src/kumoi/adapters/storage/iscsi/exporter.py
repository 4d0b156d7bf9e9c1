"""The exporter by tgtd: targets and views made to agree with whom the plan lets in.

What does not belong here: the processes (cell), their words (targets, views).
"""

import threading
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Final

from kumoi.adapters.storage.iscsi.cell import Cell
from kumoi.adapters.storage.iscsi.targets import Targets
from kumoi.adapters.storage.iscsi.views import Views
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.core.disks import Export
from kumoi.core.errors import Unavailable
from kumoi.core.ids import VolumeId

_QCOW2: Final = ".qcow2"


class IscsiExporter:
    """See `contracts.exports.Exporter`. `folder` is its own, short, and gone with the host's boot; `inside`: words that
    put a command where the portal's address is. Safe for threads.
    """

    def __init__(self, folder: Path, portal: str, owner: Owner, inside: tuple[str, ...] = ()) -> None:
        self.cell = Cell(folder, portal, owner, inside)
        self._targets = Targets(self.cell)
        self._views = Views(self.cell, owner)
        self._lock = threading.Lock()

    def offer(self, volume: VolumeId, handle: str, exports: Sequence[Export]) -> None:
        wanted = {one.user for one in exports}
        with self._lock:
            if not exports and not self.cell.alive():
                return
            self.cell.ensure()
            known = self._targets.show().get(volume)
            if known is not None and wanted and known.users == wanted:
                return
            # Anew rather than changed: who is let in still connects again by itself, and nobody else does.
            if known is not None:
                self._targets.remove(known)
            self._views.hide(volume)
            if exports:
                path = self._views.show(volume, handle) if handle.endswith(_QCOW2) else handle
                self._targets.make(volume, path, tuple(exports))

    def observe(self) -> Mapping[VolumeId, Set[str]]:
        with self._lock:
            if not self.cell.alive():
                return {}
            try:
                held: dict[VolumeId, Set[str]] = dict.fromkeys(self._views.shown(), frozenset())
                return held | {volume: target.users for volume, target in self._targets.show().items()}
            except Unavailable:
                if self.cell.alive():
                    raise
                return {}  # they died while we looked

    def watch(self, callback: Callable[[], None]) -> None:
        self.cell.watch(callback)
