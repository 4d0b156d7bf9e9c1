"""The contract of stores of backups, the same for every one: disks as QEMU's tools make and read them go in and out."""

import hashlib
import random
import subprocess
import uuid
from pathlib import Path

import pytest
from tests.contract.backups.conftest import CHUNK_BYTES

from kumoi.contracts.backups import Backups
from kumoi.core.errors import Invalid, NotFound

MIB = 1 << 20
SIZE = 64 * MIB
NOISE = random.Random(7).randbytes(MIB)  # what no compression makes smaller


class Disk:
    """A raw disk of 64 MiB, and it as a qcow2 of its own."""

    def __init__(self, folder: Path) -> None:
        self.raw = folder / "raw"
        self._folder = folder
        with self.raw.open("wb") as file:
            file.truncate(SIZE)

    def write(self, at: int, content: bytes) -> "Disk":
        with self.raw.open("r+b") as file:
            file.seek(at)
            file.write(content)
        return self

    def qcow2(self) -> str:
        path = self._folder / f"{uuid.uuid4()}.qcow2"
        command = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(self.raw), str(path)]
        subprocess.run(command, check=True, capture_output=True)
        return str(path)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path).write(0, b"begin").write(10 * MIB, NOISE).write(SIZE - 512, b"end")


def place() -> str:
    return str(uuid.uuid4())


def restored(backups: Backups, at: str, folder: Path) -> bytes:
    """As QEMU reads it."""
    out, raw = folder / "out.qcow2", folder / "out.raw"
    out.write_bytes(b"".join(backups.read(at)))
    subprocess.run(["qemu-img", "check", "-q", str(out)], check=True, capture_output=True)
    command = ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", str(out), str(raw)]
    subprocess.run(command, check=True, capture_output=True)
    return raw.read_bytes()


def test_a_disk_comes_out_as_it_went_in(backups: Backups, disk: Disk, tmp_path: Path) -> None:
    at = place()
    kept = backups.keep(at, disk.qcow2(), None)
    assert restored(backups, at, tmp_path) == disk.raw.read_bytes()
    whole = b"".join(backups.read(at))
    assert (kept.sha256, kept.size_bytes) == (hashlib.sha256(whole).hexdigest(), len(whole))
    assert kept.virtual_bytes == SIZE
    assert backups.look(at) == kept
    assert kept.objects == 3  # zeros are not kept
    assert MIB < kept.stored_bytes < 2 * MIB  # the rest of each chunk is zeros too
    assert backups.places() == {at}


def test_an_empty_disk_is_a_backup_too(backups: Backups, tmp_path: Path) -> None:
    at = place()
    assert backups.keep(at, Disk(tmp_path).qcow2(), None).objects == 0
    assert restored(backups, at, tmp_path) == bytes(SIZE)


def test_an_increment_keeps_only_what_is_new_and_is_whole(backups: Backups, disk: Disk, tmp_path: Path) -> None:
    first, second, third = place(), place(), place()
    before = disk.raw.read_bytes()
    backups.keep(first, disk.qcow2(), None)
    disk.write(30 * MIB, b"more").write(SIZE - 512, b"END")
    assert backups.keep(second, disk.qcow2(), first).objects == 2
    middle = disk.raw.read_bytes()
    disk.write(30 * MIB, bytes(4))
    assert backups.keep(third, disk.qcow2(), second).objects == 0
    assert restored(backups, first, tmp_path) == before
    assert restored(backups, second, tmp_path) == middle
    assert restored(backups, third, tmp_path) == disk.raw.read_bytes()
    backups.remove(third)
    assert restored(backups, second, tmp_path) == middle


def test_the_same_chunk_twice_is_kept_once(backups: Backups, tmp_path: Path) -> None:
    disk = Disk(tmp_path).write(0, NOISE).write(3 * CHUNK_BYTES, NOISE)
    at = place()
    assert backups.keep(at, disk.qcow2(), None).objects == 1
    assert restored(backups, at, tmp_path) == disk.raw.read_bytes()


def test_kept_twice_it_is_the_same(backups: Backups, disk: Disk, tmp_path: Path) -> None:
    at, path = place(), disk.qcow2()
    assert backups.keep(at, path, None) == backups.keep(at, path, None)
    assert restored(backups, at, tmp_path) == disk.raw.read_bytes()


def test_what_is_removed_is_gone_and_so_twice(backups: Backups, disk: Disk) -> None:
    at = place()
    backups.keep(at, disk.qcow2(), None)
    for _ in range(2):
        backups.remove(at)
        assert backups.places() == set()
        with pytest.raises(NotFound):
            backups.look(at)
        with pytest.raises(NotFound):
            backups.read(at)


@pytest.mark.parametrize("strange", [b"no disk at all", b"QFI\xfb" + bytes(100)])
def test_what_is_no_disk_is_refused_and_never_counts(backups: Backups, strange: bytes, tmp_path: Path) -> None:
    path, at = tmp_path / "strange", place()
    path.write_bytes(strange)
    with pytest.raises(Invalid):
        backups.keep(at, str(path), None)
    with pytest.raises(NotFound):
        backups.look(at)


def test_a_disk_that_stands_on_another_one_is_refused(backups: Backups, disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "upon.qcow2"
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", disk.qcow2(), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(Invalid):
        backups.keep(place(), str(path), None)


def test_an_increment_upon_nothing_is_refused(backups: Backups, disk: Disk) -> None:
    with pytest.raises(NotFound):
        backups.keep(place(), disk.qcow2(), place())
