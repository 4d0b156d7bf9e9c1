"""Hostile bytes against the judge of images: whatever they are, the answer is an image or a core error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.storage import images

from kumoi.adapters.storage import image_headers
from kumoi.adapters.storage.image_formats import judge
from kumoi.contracts.inspector import Inspected
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.images import MAX_VIRTUAL_GIB

CLAIMS = st.sampled_from(["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "iso", "ami", "", "x"])
U32, U64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
# Small values and single bits, where the rules have their edges, besides the whole range.
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.integers(0, 5) | U32,
        "backing_offset": U64,
        "backing_length": U32,
        "cluster_bits": st.integers(0, 64) | U32,
        "virtual_bytes": st.integers(0, 64).map(lambda n: min(1 << n, 2**64 - 1)) | U64,
        "encryption": st.integers(0, 3) | U32,
        "l1_entries": st.integers(0, 100) | U32,
        "l1_offset": st.integers(0, 9).map(lambda n: n * images.CLUSTER) | U64,
        "refcounts_offset": st.integers(0, 9).map(lambda n: n * images.CLUSTER) | U64,
        "refcounts_clusters": st.integers(0, 3) | U32,
        "snapshots": st.integers(0, 3) | U32,
        "snapshots_offset": st.integers(0, 9).map(lambda n: n * images.CLUSTER) | U64,
        "incompatible": st.integers(0, 64) | U64,
        "compatible": U64,
        "autoclear": U64,
        "refcount_order": st.integers(0, 8) | U32,
        "header_length": st.integers(0, 200) | U32,
    },
)


def judged(data: bytes, claimed: str) -> Inspected | None:
    """The verdict on these bytes; None where they were refused, by a core error and nothing else."""
    try:
        return judge(lambda offset, length: data[offset : offset + length], len(data), claimed)
    except KumoiError:
        return None


@given(st.binary(max_size=2048), CLAIMS)
def test_any_bytes(data: bytes, claimed: str) -> None:
    found = judged(data, claimed)
    assert found is None or found.disk_format == claimed


@given(FIELDS, st.binary(max_size=64))
def test_any_qcow2_header(fields: dict[str, int], extensions: bytes) -> None:
    data = images.qcow2(extensions, **fields)
    found = judged(data, "qcow2")
    if found is None:
        return
    header = image_headers.read_qcow2(lambda offset, length: data[offset : offset + length])
    assert (header.backing_offset, header.encryption, header.incompatible & 0b110) == (0, 0, 0)
    assert 0 < found.virtual_bytes <= MAX_VIRTUAL_GIB << 30
    assert judged(data, "raw") is None


@given(st.integers(0, 4 * images.CLUSTER))
def test_any_length_of_a_good_one(length: int) -> None:
    whole = images.qcow2()
    found = judged(whole[:length], "qcow2")
    # The L1 table is the last thing that must be there.
    assert (found is not None and found.virtual_bytes > 0) == (length >= 3 * images.CLUSTER + 8)


@given(st.integers(0, 111), st.integers(1, 255))
def test_any_flipped_byte(position: int, flip: int) -> None:
    data = bytearray(images.qcow2())
    data[position] ^= flip
    judged(bytes(data), "qcow2")
    judged(bytes(data), "raw")


def test_a_ring_of_extensions_ends() -> None:
    ring = (0x12345678).to_bytes(4, "big") + (0).to_bytes(4, "big")
    with pytest.raises(Invalid):
        judge_qcow2(images.qcow2(ring * 200))


def test_a_backing_name_is_read_for_collection_only() -> None:
    data = images.with_backing(b"/layers/abc")
    assert image_headers.backing_name(lambda offset, length: data[offset : offset + length]) == "/layers/abc"
    assert image_headers.backing_name(lambda offset, length: images.qcow2()[offset : offset + length]) == ""


def judge_qcow2(data: bytes) -> Inspected:
    return judge(lambda offset, length: data[offset : offset + length], len(data), "qcow2")
