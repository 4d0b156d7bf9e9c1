"""Disks of other formats shown as raw files: each a FUSE mount upon an empty file, which only the cell sees.

What does not belong here: who reads them (targets). Source: QEMU's QMP reference, block exports.
"""

import os
import socket
from pathlib import Path
from typing import Any, Final

import msgspec

from kumoi.adapters.storage.iscsi.cell import LAYER, PATIENCE_S, Cell
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.core.errors import Unavailable
from kumoi.core.ids import VolumeId

_EXPORT: Final = "view-"
_NODE_LETTERS: Final = 30  # QEMU takes 31


class Views:
    """Every method raises Unavailable (what: qemu_storage_daemon). One caller at a time."""

    def __init__(self, cell: Cell, owner: Owner) -> None:
        self._cell = cell
        self._owner = owner

    def show(self, volume: VolumeId, path: str) -> str:
        """Where the cell finds it as a raw file."""
        view = self._path(volume)
        view.parent.mkdir(exist_ok=True)
        view.touch(mode=0o600)
        if os.geteuid() == 0:
            os.chown(view, self._owner.uid, self._owner.gid)
        file: dict[str, Any] = {"driver": "file", "filename": path, "cache": {"direct": True}, "locking": "on"}
        disk = {"driver": "qcow2", "node-name": _node(volume), "file": file, "discard": "unmap"}
        export = {"type": "fuse", "id": f"{_EXPORT}{volume}", "node-name": _node(volume), "mountpoint": str(view)}
        with _Talk(self._cell.monitor) as talk:
            talk.ask("blockdev-add", disk)
            talk.ask("block-export-add", {**export, "writable": True})
        return str(view)

    def hide(self, volume: VolumeId) -> None:
        """The file behind it is nobody's here. Harmless where it is not shown."""
        with _Talk(self._cell.monitor) as talk:
            if f"{_EXPORT}{volume}" in {one["id"] for one in talk.ask("query-block-exports")}:
                talk.ask("block-export-del", {"id": f"{_EXPORT}{volume}", "mode": "hard"})
                talk.wait("BLOCK_EXPORT_DELETED")
            if _node(volume) in {one["node-name"] for one in talk.ask("query-named-block-nodes", {"flat": True})}:
                talk.ask("blockdev-del", {"node-name": _node(volume)})
        self._path(volume).unlink(missing_ok=True)

    def shown(self) -> set[VolumeId]:
        with _Talk(self._cell.monitor) as talk:
            return {VolumeId(one["id"].removeprefix(_EXPORT)) for one in talk.ask("query-block-exports")}

    def _path(self, volume: VolumeId) -> Path:
        return self._cell.folder / "views" / volume


class _Talk:
    """One conversation with the monitor: a command, its answer, and the events that came between."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._events: list[str] = []

    def __enter__(self) -> "_Talk":
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE_S)
        try:
            self._socket.connect(self._path)
        except OSError as error:
            self._socket.close()
            raise _unavailable("connect", str(error)) from error
        self._file = self._socket.makefile("rb")
        self._read()  # its greeting
        self.ask("qmp_capabilities")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, command: str, arguments: dict[str, Any] | None = None) -> Any:
        try:
            self._socket.sendall(msgspec.json.encode({"execute": command, "arguments": arguments or {}}) + b"\n")
        except OSError as error:
            raise _unavailable(command, str(error)) from error
        while True:
            answer = self._read()
            if "event" in answer:
                self._events.append(answer["event"])
            elif "error" in answer:
                raise _unavailable(command, answer["error"]["desc"])
            else:
                return answer["return"]

    def wait(self, event: str) -> None:
        while event not in self._events:
            answer = self._read()
            if "event" in answer:
                self._events.append(answer["event"])

    def _read(self) -> dict[str, Any]:
        try:
            line = self._file.readline()
        except OSError as error:
            raise _unavailable("read", str(error)) from error
        if not line:
            raise _unavailable("read", "it hung up")
        found: dict[str, Any] = msgspec.json.decode(line)
        return found


def _unavailable(action: str, detail: str) -> Unavailable:
    return Unavailable(LAYER, what="qemu_storage_daemon", action=action, detail=detail)


def _node(volume: VolumeId) -> str:
    return "v" + volume.replace("-", "")[:_NODE_LETTERS]
