"""What a folder of backups does when what is in it is not what was written there."""

from pathlib import Path

import pytest
from tests.contract.backups.test_backups import Disk, disk, place

from kumoi.adapters.backups.chunks import MAP, ChunkedBackups
from kumoi.adapters.backups.folder import FolderObjects
from kumoi.core.errors import KumoiError, NotFound, Unavailable

__all__ = ["disk"]


def kept(folder: Path, disk: Disk) -> tuple[ChunkedBackups, Path]:
    backups, at = ChunkedBackups(FolderObjects(folder / "backups")), place()
    backups.keep(at, disk.qcow2(), None)
    return backups, folder / "backups" / at


def spoil(path: Path) -> None:
    """One bit, in the middle."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize("what", ["chunk", "map"])
def test_a_flipped_bit_is_found(disk: Disk, tmp_path: Path, what: str) -> None:
    backups, home = kept(tmp_path, disk)
    chunks = sorted(path for path in home.iterdir() if path.name != MAP)
    spoil(home / MAP if what == "map" else chunks[0])
    with pytest.raises(Unavailable) as refused:
        b"".join(backups.read(home.name))
    assert refused.value.facts["what"] == "backup"


def test_what_is_lost_is_found(disk: Disk, tmp_path: Path) -> None:
    backups, home = kept(tmp_path, disk)
    next(path for path in home.iterdir() if path.name != MAP).unlink()
    with pytest.raises(KumoiError):
        b"".join(backups.read(home.name))


def test_what_was_cut_off_never_counts_and_goes(disk: Disk, tmp_path: Path) -> None:
    """As a process leaves it that dies between the chunks and their map."""
    backups, home = kept(tmp_path, disk)
    (home / MAP).unlink()
    (home / ".x.new").write_bytes(b"half")
    assert backups.places() == {home.name}
    with pytest.raises(NotFound):
        backups.look(home.name)
    backups.remove(home.name)
    assert not home.exists()


def test_no_place_leads_out_of_the_folder(tmp_path: Path) -> None:
    backups = ChunkedBackups(FolderObjects(tmp_path / "backups"))
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / MAP).write_bytes(b"x")
    with pytest.raises(NotFound):
        backups.look("../secret")
