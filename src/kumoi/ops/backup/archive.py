"""The file: a tar that says first whose it is, and last what all of it must add up to.

    manifest.json  first   what wrote it, when, of which cloud
    …              files   as `contents` names them
    sums.json      last    SHA-256 of each of them: without it the file is not whole

What does not belong here: which files there are, and where they go.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from kumoi.core.errors import Invalid, Unsupported
from kumoi.ops.backup import contents

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_SUMS: Final = "sums.json"
_TOLD_MOST_BYTES: Final = 64 << 20
_PIECE_BYTES: Final = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`revision`: of the database's schema; `host`: the machine's name; `images`: whether their bytes are in it."""

    format: int = FORMAT
    version: str
    made_at: float
    cloud_id: str
    revision: str
    simulated: bool
    host: str
    images: bool


def write(out: BinaryIO, manifest: Manifest, files: Iterable[tuple[str, Path]]) -> int:
    """Returns how many files were put in. One that grows meanwhile is taken as long as it was when its turn came."""
    sums: dict[str, str] = {}
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        _tell(tar, _MANIFEST, msgspec.json.encode(manifest))
        for name, path in files:
            with path.open("rb") as file:
                counted = _Counted(file)
                info = tar.gettarinfo(arcname=name, fileobj=file)
                tar.addfile(_plain(name, info.size, info.mtime), counted)
            sums[name] = counted.hash.hexdigest()
        _tell(tar, _SUMS, msgspec.json.encode(sums))
    return len(sums)


def unpack(source: BinaryIO, folder: Path) -> Manifest:
    """All files below the empty `folder`, each for its owner only. What failed is left there.

    Raises Invalid (not_a_backup, backup_cut, backup_damaged) and Unsupported (what: backup).
    """
    with _opened(source) as tar:
        try:
            manifest = _manifest(tar)
            _unpack(tar, folder)
        except (tarfile.TarError, msgspec.DecodeError) as e:
            raise _cut() from e
    return manifest


def _opened(source: BinaryIO) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=source, mode="r|")
    except tarfile.TarError as e:
        raise _not_a_backup() from e


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    found: dict[str, str] = {}
    while (member := tar.next()) is not None:
        if member.name == _SUMS:
            _check(found, msgspec.json.decode(_told(tar, member), type=dict[str, str]))
            return
        found[member.name] = _put(tar, member, folder)
    raise _cut()


def _manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != _MANIFEST:
        raise _not_a_backup()
    told = _told(tar, first)
    try:
        form = msgspec.json.decode(told, type=dict[str, object]).get("format")
        if form == FORMAT:
            return msgspec.json.decode(told, type=Manifest)
    except msgspec.DecodeError as e:
        raise _not_a_backup() from e
    raise Unsupported("host", what="backup", reason="newer_backup", found=str(form), newest=FORMAT)


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    """Only plain files under the names that we give: the file may be anybody's."""
    source = tar.extractfile(member) if member.isreg() and contents.known(member.name) else None
    if source is None:
        raise Invalid("host", field="FILE", reason="backup_damaged", value=member.name)
    target = folder / member.name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.touch(mode=0o600, exist_ok=False)
    digest = hashlib.sha256()
    with target.open("wb") as file:
        while piece := source.read(_PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _check(found: dict[str, str], sums: dict[str, str]) -> None:
    for name in sorted({*found, *sums}):
        if found.get(name) != sums.get(name):
            raise Invalid("host", field="FILE", reason="backup_damaged", value=name)


def _tell(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_plain(name, len(data), 0), io.BytesIO(data))


def _told(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    source = tar.extractfile(member) if member.size <= _TOLD_MOST_BYTES else None
    if source is None:
        raise _not_a_backup()
    return source.read()


def _plain(name: str, size: int, mtime: float) -> tarfile.TarInfo:
    """Nobody's and closed: whose it becomes is decided where it is unpacked."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, int(mtime), 0o600
    return info


def _not_a_backup() -> Invalid:
    return Invalid("host", field="FILE", reason="not_a_backup")


def _cut() -> Invalid:
    return Invalid("host", field="FILE", reason="backup_cut")


class _Counted(io.RawIOBase):
    """A file whose bytes are summed up as they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        return data
