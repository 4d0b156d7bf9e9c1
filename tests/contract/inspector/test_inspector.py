"""The inspector contract: what is taken, and each way in which an image is refused."""

import struct
from pathlib import Path

import pytest
from tests.contract.storage import images

from kumoi.contracts.inspector import Inspected, Inspector
from kumoi.core.errors import Invalid, Unsupported

DATA_FILE_EXTENSION = struct.pack(">II", 0x44415441, 11) + b"/etc/passwd".ljust(16, b"\0")


def at(offset: int, signature: bytes, size: int = 64 << 10) -> bytes:
    return signature.rjust(offset + len(signature), b"\0").ljust(size, b"\0")


def readable(value: object) -> str:
    """Images are too long for a test's name."""
    return "image" if isinstance(value, bytes) else str(value)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return tmp_path / "image"


@pytest.mark.parametrize(
    ("content", "claimed", "virtual"),
    [
        (images.qcow2(), "qcow2", 1 << 20),
        (images.qcow2(version=2, incompatible=0), "qcow2", 1 << 20),
        (images.qcow2(virtual_bytes=2048 << 30, l1_entries=4096), "qcow2", 2048 << 30),
        (b"\xeb\x63" + bytes(1022), "raw", 1024),
        (b"x", "raw", 512),
    ],
    ids=readable,
)
def test_honest_images_are_taken(inspector: Inspector, image: Path, content: bytes, claimed: str, virtual: int) -> None:
    image.write_bytes(content)
    found = inspector.inspect(str(image), claimed)
    assert (found.disk_format, found.layer_format, found.virtual_bytes) == (claimed, claimed, virtual)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (images.with_backing(b"/etc/passwd"), "backing_file"),
        (images.with_backing(b'json:{"driver":"nbd"}'), "backing_file"),
        (images.qcow2(backing_length=5), "backing_file"),
        (images.qcow2(incompatible=1 << 2), "data_file"),
        (images.qcow2(DATA_FILE_EXTENSION), "data_file"),
        (images.qcow2(encryption=2), "encrypted"),
        (images.qcow2(incompatible=1 << 1), "corrupt"),
        (images.qcow2(incompatible=1 << 40), "unknown_features"),
        (images.qcow2(version=4), "bad_header"),
        (images.qcow2(virtual_bytes=0), "bad_header"),
        (images.qcow2(cluster_bits=40), "bad_header"),
        (images.qcow2(header_length=8), "bad_header"),
        (images.qcow2(l1_offset=1 << 62), "bad_header"),
        (images.qcow2(l1_entries=1 << 31), "bad_header"),
        (images.qcow2(snapshots=1 << 31), "bad_header"),
        (images.qcow2(refcounts_clusters=1 << 31), "bad_header"),
        (images.qcow2(virtual_bytes=1 << 50, l1_entries=1 << 22), "too_large_virtual"),
        (images.qcow2()[:100], "bad_header"),
        (images.qcow2()[:20], "not_an_image"),
    ],
    ids=readable,
)
def test_a_qcow2_that_must_not_be_opened(inspector: Inspector, image: Path, content: bytes, reason: str) -> None:
    image.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        inspector.inspect(str(image), "qcow2")
    assert (refused.value.layer, refused.value.facts["reason"]) == ("image", reason)


@pytest.mark.parametrize(
    ("content", "detected"),
    [
        (images.qcow2(), "qcow2"),
        (at(0, b"KDMV"), "vmdk"),
        (at(0, b'# Disk DescriptorFile\nversion=1\nRW 1 FLAT "/etc/passwd" 0\n'), "vmdk"),
        (at(0x40, b"\x7f\x10\xda\xbe"), "vdi"),
        (at(0, b"conectix"), "vhd"),
        (b"conectix".ljust(512, b"\0").rjust(64 << 10, b"\0"), "vhd"),
        (at(0, b"vhdxfile"), "vhdx"),
        (at(0x8001, b"CD001"), "iso"),
        (at(0, b"QED\0"), "qed"),
        (at(0, b"QFI\xfb\0\0\0\1"), "qcow"),
        (at(0, b"LUKS\xba\xbe\0\1"), "luks"),
    ],
    ids=readable,
)
def test_every_format_is_known_by_its_content(inspector: Inspector, image: Path, content: bytes, detected: str) -> None:
    image.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        inspector.inspect(str(image), "raw")
    facts = refused.value.facts
    assert (facts["reason"], facts["claimed"], facts["detected"]) == ("format_mismatch", "raw", detected)


@pytest.mark.parametrize("claimed", ["vmdk", "aki", "qcow2", "iso"])
def test_what_cannot_run_is_kept_and_no_disk(inspector: Inspector, image: Path, claimed: str) -> None:
    image.write_bytes(b"nothing that anybody knows")
    assert inspector.inspect(str(image), claimed) == Inspected(disk_format=claimed, virtual_bytes=0, layer_format="raw")


def test_a_sound_disk_of_another_maker_is_kept_unopened(inspector: Inspector, image: Path) -> None:
    image.write_bytes(at(0, b"KDMV"))
    assert inspector.inspect(str(image), "vmdk").virtual_bytes == 0


@pytest.mark.parametrize("claimed", ["banana", "--help", ""])
def test_a_format_that_nobody_knows(inspector: Inspector, image: Path, claimed: str) -> None:
    image.write_bytes(at(0, b"KDMV"))
    with pytest.raises(Unsupported) as refused:
        inspector.inspect(str(image), claimed)
    assert refused.value.facts == {"what": "disk_format", "reason": "disk_format", "value": claimed}


def test_the_empty_file_is_no_image(inspector: Inspector, image: Path) -> None:
    image.touch()
    for claimed in ("raw", "qcow2"):
        with pytest.raises(Invalid) as refused:
            inspector.inspect(str(image), claimed)
        assert refused.value.facts["reason"] == "not_an_image"


def test_a_sparse_raw_image_is_as_large_as_a_guest_would_see_it(inspector: Inspector, image: Path) -> None:
    with image.open("wb") as file:
        file.truncate(2048 << 30)
    assert inspector.inspect(str(image), "raw").virtual_bytes == 2048 << 30
    with image.open("ab") as file:
        file.truncate((2048 << 30) + 1)
    with pytest.raises(Invalid) as refused:
        inspector.inspect(str(image), "raw")
    assert refused.value.facts["reason"] == "too_large_virtual"
