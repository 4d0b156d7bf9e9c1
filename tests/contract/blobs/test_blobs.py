"""The blob contract, the same for every driver."""

import hashlib
import os
from pathlib import Path

import pytest

from kumoi.contracts.blobs import Blobs
from kumoi.core.errors import NotFound, TooLarge

MIB = 1 << 20
CONTENT = bytes(range(256)) * 10_000  # 2.4 MiB: more than two pieces
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def put(blobs: Blobs, content: bytes) -> str:
    upload = blobs.begin(len(content))
    for n in range(0, len(content), 100_000):
        upload.write(content[n : n + 100_000])
    return upload.commit()


def test_what_goes_in_comes_out_by_its_hash(blobs: Blobs) -> None:
    assert put(blobs, CONTENT) == SHA256
    pieces = list(blobs.read(SHA256))
    assert b"".join(pieces) == CONTENT
    assert max(map(len, pieces)) <= MIB
    assert blobs.size(SHA256) == len(CONTENT)
    assert blobs.all() == [SHA256]


@pytest.mark.parametrize("offset", [0, 1, MIB, len(CONTENT) - 1, len(CONTENT), len(CONTENT) + 5])
def test_reading_begins_anywhere(blobs: Blobs, offset: int) -> None:
    put(blobs, CONTENT)
    assert b"".join(blobs.read(SHA256, offset)) == CONTENT[offset:]


def test_the_empty_blob(blobs: Blobs) -> None:
    sha256 = blobs.begin(0).commit()
    assert sha256 == hashlib.sha256(b"").hexdigest()
    assert blobs.size(sha256) == 0
    assert list(blobs.read(sha256)) == []


def test_nothing_is_visible_before_commit(blobs: Blobs) -> None:
    upload = blobs.begin(len(CONTENT))
    upload.write(CONTENT)
    assert blobs.all() == []
    assert blobs.size(SHA256) is None
    assert Path(upload.path()).read_bytes() == CONTENT
    upload.commit()
    assert blobs.all() == [SHA256]


def test_an_aborted_upload_is_gone(blobs: Blobs) -> None:
    upload = blobs.begin(10)
    upload.write(b"x")
    upload.abort()
    upload.abort()
    assert blobs.all() == []


def test_abort_after_commit_takes_nothing_back(blobs: Blobs) -> None:
    upload = blobs.begin(len(CONTENT))
    upload.write(CONTENT)
    upload.commit()
    upload.abort()
    assert blobs.size(SHA256) == len(CONTENT)


def test_the_same_bytes_twice_are_one_blob(blobs: Blobs) -> None:
    put(blobs, CONTENT)
    reading = blobs.read(SHA256)
    first = next(reading)
    assert put(blobs, CONTENT) == SHA256
    assert first + b"".join(reading) == CONTENT
    assert blobs.all() == [SHA256]


def test_more_than_agreed_is_refused_and_never_committed(blobs: Blobs) -> None:
    upload = blobs.begin(10)
    upload.write(b"x" * 10)
    with pytest.raises(TooLarge) as refused:
        upload.write(b"y")
    assert refused.value.facts["limit"] == 10
    with pytest.raises(TooLarge):
        upload.commit()
    upload.abort()
    assert blobs.all() == []


def test_adopting_takes_a_copy(blobs: Blobs, tmp_path: Path) -> None:
    file = tmp_path / "image"
    file.write_bytes(CONTENT)
    assert blobs.adopt(str(file)) == SHA256
    assert blobs.adopt(str(file)) == SHA256
    file.write_bytes(b"changed")
    assert b"".join(blobs.read(SHA256)) == CONTENT


def test_what_is_not_there(blobs: Blobs) -> None:
    assert blobs.size(SHA256) is None
    blobs.remove(SHA256)
    with pytest.raises(NotFound) as missing:
        blobs.read(SHA256)
    assert missing.value.facts["id"] == SHA256


def test_a_removed_blob_is_gone(blobs: Blobs) -> None:
    put(blobs, CONTENT)
    blobs.remove(SHA256)
    blobs.remove(SHA256)
    assert blobs.all() == []
    with pytest.raises(NotFound):
        blobs.read(SHA256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "..", SHA256.upper(), SHA256[:-1], SHA256 + "0"])
def test_a_name_that_is_no_hash_is_never_there(blobs: Blobs, name: str) -> None:
    put(blobs, CONTENT)
    assert blobs.size(name) is None
    blobs.remove(name)
    with pytest.raises(NotFound):
        blobs.read(name)


def test_zeros_take_no_room_and_come_out(blobs: Blobs) -> None:
    content = bytes(4 * MIB) + b"middle" + bytes(4 * MIB)
    upload = blobs.begin(len(content))
    for n in range(0, len(content), MIB):
        upload.write(content[n : n + MIB])
    with open(upload.path(), "rb") as file:
        assert os.fstat(file.fileno()).st_blocks * 512 < 3 * MIB
        assert file.read() == content
    assert b"".join(blobs.read(upload.commit())) == content
