"""Converters against disks that qemu-img made: the guest sees the same bytes, and QEMU finds nothing to mend."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from kumoi.adapters.storage.converter import ConfinedConverter
from kumoi.contracts.converter import Converter
from kumoi.core.errors import Invalid

MIB = 1 << 20
# Kumoi's name, qemu-img's, and options that say which kind.
KINDS = [
    ("vdi", "vdi", ""),
    ("vdi", "vdi", "static=on"),
    ("vhd", "vpc", "subformat=dynamic"),
    ("vhd", "vpc", "subformat=fixed"),
    ("vhdx", "vhdx", ""),
    ("vhdx", "vhdx", "block_size=1M"),
    ("vmdk", "vmdk", "subformat=monolithicSparse"),
    ("vmdk", "vmdk", "subformat=streamOptimized"),
]


@pytest.fixture
def converter() -> Converter:
    return ConfinedConverter()


def disk(folder: Path) -> Path:
    """Seventeen MiB with something in it here and there, also in the last sectors."""
    dice, data = random.Random(5866), bytearray(17 * MIB)
    for at in (0, 3 * MIB + 512, 9 * MIB - 4096, len(data) - 8192):
        data[at : at + 8192] = dice.randbytes(8192)[: len(data) - at]
    made = folder / "disk.raw"
    made.write_bytes(data)
    return made


def qemu_img(*words: str) -> str:
    done = subprocess.run(["qemu-img", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("kind", "theirs", "options"), KINDS)
def test_the_guest_sees_the_same_disk(
    converter: Converter, tmp_path: Path, kind: str, theirs: str, options: str
) -> None:
    raw, made, out = disk(tmp_path), tmp_path / "made", tmp_path / "out.qcow2"
    qemu_img("convert", "-f", "raw", "-O", theirs, *(("-o", options) if options else ()), str(raw), str(made))
    out.write_bytes(b"".join(converter.convert(str(made), kind)))
    qemu_img("check", "-f", "qcow2", str(out))
    assert "identical" in qemu_img("compare", "-f", theirs, "-F", "qcow2", str(made), str(out))


@pytest.mark.parametrize("options", ["", "cluster_size=4k", "cluster_size=2M"])
def test_one_of_ours_is_shown_whole(converter: Converter, tmp_path: Path, options: str) -> None:
    raw, made = disk(tmp_path), tmp_path / "made"
    qemu_img("convert", "-f", "raw", "-O", "qcow2", *(("-o", options) if options else ()), str(raw), str(made))
    assert b"".join(converter.expand(str(made))) == raw.read_bytes()


def test_one_that_stands_on_another_is_not_shown(converter: Converter, tmp_path: Path) -> None:
    raw, made = disk(tmp_path), tmp_path / "made"
    qemu_img("create", "-f", "qcow2", "-F", "raw", "-b", str(raw), str(made))
    with pytest.raises(Invalid):
        list(converter.expand(str(made)))


def test_what_is_nothing_but_zeros_is_nearly_nothing(converter: Converter, tmp_path: Path) -> None:
    made = tmp_path / "made"
    qemu_img("create", "-f", "vdi", str(made), "64G")
    out = b"".join(converter.convert(str(made), "vdi"))
    assert len(out) < MIB


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("vmdk", b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 1 FLAT "/etc/passwd" 0\n'),
        ("vdi", os.urandom(4096)),
        ("vhd", b"\0" * 4096),
        ("vhdx", b"vhdxfile" + b"\0" * (1 << 20)),
        ("vmdk", b"KDMV" + b"\xff" * 4096),
    ],
)
def test_what_names_other_files_or_is_damaged_is_refused(
    converter: Converter, tmp_path: Path, kind: str, data: bytes
) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    with pytest.raises(Invalid):
        list(converter.convert(str(bad), kind))


def test_a_disk_upon_another_is_refused(converter: Converter, tmp_path: Path) -> None:
    lower, upper = tmp_path / "lower", tmp_path / "upper"
    qemu_img("create", "-f", "vmdk", str(lower), "1M")
    qemu_img("create", "-f", "vmdk", "-b", str(lower), "-F", "vmdk", str(upper))
    with pytest.raises(Invalid) as refused:
        list(converter.convert(str(upper), "vmdk"))
    assert refused.value.facts["reason"] == "backing_file"
