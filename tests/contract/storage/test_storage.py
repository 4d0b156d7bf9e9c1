"""The storage contract, the same for every driver."""

import hashlib
import uuid
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from kumoi.adapters.storage import image_headers
from kumoi.contracts.storage import Fetch, Storage
from kumoi.core.copies import CopyBytes
from kumoi.core.disks import LayerRef, RescueDisk, RootDisk
from kumoi.core.errors import KumoiError, NotFound, Unavailable
from kumoi.core.ids import ImageId, InstanceId, LayerId

CONTENT = b"kumoi" * 1024 + b"!" * 512


def layer_of(content: bytes) -> LayerRef:
    """A raw layer, whose content may be anything."""
    return LayerRef(
        id=LayerId(str(uuid.uuid4())),
        sha256=hashlib.sha256(content).hexdigest(),
        format="raw",
        size_bytes=len(content),
        virtual_bytes=-(-len(content) // 512) * 512,
    )


def giving(*pieces: bytes) -> Fetch:
    return lambda _: iter(pieces)


def instance() -> InstanceId:
    return InstanceId(str(uuid.uuid4()))


def never(_: str) -> Iterator[bytes]:
    raise AssertionError("it is here already")


def test_a_layer_is_fetched_once(storage: Storage) -> None:
    layer = layer_of(CONTENT)
    assert not storage.has_layer(layer)
    storage.ensure_layer(layer, giving(CONTENT[:100], CONTENT[100:]))
    assert storage.has_layer(layer)
    storage.ensure_layer(layer, never)


@pytest.mark.parametrize(
    "sent", [b"", CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT)], ids=["nothing", "short", "long", "other"]
)
def test_bytes_that_are_not_the_layer_never_count(storage: Storage, sent: bytes) -> None:
    layer = layer_of(CONTENT)
    with pytest.raises(Unavailable) as wrong:
        storage.ensure_layer(layer, giving(sent))
    assert wrong.value.layer == "storage"
    assert not storage.has_layer(layer)
    storage.ensure_layer(layer, giving(CONTENT))
    assert storage.has_layer(layer)


def test_a_fetch_that_breaks_off_leaves_nothing(storage: Storage) -> None:
    layer = layer_of(CONTENT)

    def broken(_: str) -> Iterator[bytes]:
        yield CONTENT[:100]
        raise Unavailable("host", what="link")

    with pytest.raises(Unavailable, match="link"):
        storage.ensure_layer(layer, broken)
    assert not storage.has_layer(layer)


def test_a_root_disk_is_made_once_and_removed_twice(storage: Storage) -> None:
    layer, owner = layer_of(CONTENT), instance()
    storage.ensure_layer(layer, giving(CONTENT))
    root = RootDisk(layers=(layer,), size_gib=1)
    handle = storage.ensure_root(owner, root)
    assert handle
    assert storage.ensure_root(owner, root) == handle
    assert storage.observe_roots() == ({owner}, [])
    storage.remove_root(owner)
    storage.remove_root(owner)
    assert storage.observe_roots() == (set(), [])


def test_a_disk_of_another_number_takes_the_place_of_the_older_one(storage: Storage) -> None:
    owner = instance()
    root = RootDisk(layers=(), size_gib=1)
    storage.ensure_root(owner, root)
    storage.ensure_config_drive(owner, {})
    newer = storage.ensure_root(owner, replace(root, number=1))
    assert storage.ensure_root(owner, replace(root, number=1)) == newer
    # A restored cloud may name the older one: it is gone, and the newer one is not thrown away for it.
    assert storage.ensure_root(owner, root) == newer
    assert storage.observe_roots() == ({owner}, [])
    storage.remove_root(owner)
    assert storage.observe_roots() == (set(), [])


def test_a_rescue_disk_comes_and_goes_beside_the_root_disk(storage: Storage) -> None:
    layer, owner = layer_of(CONTENT), instance()
    storage.ensure_layer(layer, giving(CONTENT))
    own = storage.ensure_root(owner, RootDisk(layers=(layer,), size_gib=1))
    assert storage.ensure_rescue(owner, None) == ""
    rescue = RescueDisk(layers=(layer,))
    handle = storage.ensure_rescue(owner, rescue)
    assert handle not in {"", own}
    assert storage.ensure_rescue(owner, rescue) == handle
    assert storage.observe_roots() == ({owner}, [])
    assert storage.ensure_rescue(owner, None) == ""
    storage.ensure_rescue(owner, rescue)
    storage.remove_root(owner)
    assert storage.observe_roots() == (set(), [])


def test_a_root_disk_needs_its_layer(storage: Storage) -> None:
    owner = instance()
    with pytest.raises(KumoiError) as missing:
        storage.ensure_root(owner, RootDisk(layers=(layer_of(CONTENT),), size_gib=1))
    assert missing.value.layer == "storage"
    assert storage.observe_roots() == (set(), [])


def test_a_config_drive_goes_with_its_instance(storage: Storage) -> None:
    owner = instance()
    files = {"openstack/latest/meta_data.json": b"{}", "openstack/latest/user_data": b"#!/bin/sh\n"}
    storage.ensure_root(owner, RootDisk(layers=(), size_gib=1))
    handle = storage.ensure_config_drive(owner, files)
    assert storage.ensure_config_drive(owner, files) == handle
    assert storage.observe_roots() == ({owner}, [])
    storage.remove_root(owner)
    assert storage.observe_roots() == (set(), [])


def test_layers_go_when_neither_kept_nor_used(storage: Storage) -> None:
    kept, used, idle = (layer_of(CONTENT + bytes([n])) for n in range(3))
    for n, layer in enumerate((kept, used, idle)):
        storage.ensure_layer(layer, giving(CONTENT + bytes([n])))
    owner = instance()
    storage.ensure_root(owner, RootDisk(layers=(used,), size_gib=1))
    storage.collect_layers({kept.sha256})
    assert [storage.has_layer(layer) for layer in (kept, used, idle)] == [True, True, False]
    storage.remove_root(owner)
    storage.collect_layers({kept.sha256})
    assert [storage.has_layer(layer) for layer in (kept, used, idle)] == [True, False, False]


def image() -> ImageId:
    return ImageId(str(uuid.uuid4()))


def test_a_copy_is_made_once_stands_alone_and_goes(storage: Storage) -> None:
    layer, owner, copy = layer_of(CONTENT), instance(), image()
    storage.ensure_layer(layer, giving(CONTENT))
    storage.ensure_root(owner, RootDisk(layers=(layer,), size_gib=1))
    storage.copy_root(owner, copy, None)
    assert storage.observe_copies() == {copy: owner}
    data = b"".join(storage.read_copy(copy))
    assert storage.look_at_copy(copy) == CopyBytes(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    assert image_headers.virtual_bytes_of_qcow2(lambda at, length: data[at : at + length], len(data)) == 1 << 30
    storage.copy_root(owner, copy, None)
    assert b"".join(storage.read_copy(copy)) == data
    storage.remove_root(owner)  # the copy is nobody's disk: it stays until it is let go
    assert b"".join(storage.read_copy(copy)) == data
    storage.drop_copy(copy)
    storage.drop_copy(copy)
    assert storage.observe_copies() == {}
    with pytest.raises(NotFound):
        storage.look_at_copy(copy)
    with pytest.raises(NotFound):
        list(storage.read_copy(copy))


def test_a_copy_that_breaks_off_never_counts(storage: Storage) -> None:
    owner, copy = instance(), image()

    def breaks(disk: str, target: str) -> None:
        assert disk
        assert target
        raise Unavailable("compute", what="copy")

    with pytest.raises(NotFound):
        storage.copy_root(owner, copy, None)
    storage.ensure_root(owner, RootDisk(layers=(), size_gib=1))
    with pytest.raises(Unavailable):
        storage.copy_root(owner, copy, breaks)
    assert storage.observe_copies() == {}
    storage.copy_root(owner, copy, None)
    assert storage.observe_copies() == {copy: owner}
