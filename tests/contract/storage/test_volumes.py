"""The contract of volumes, the same for every driver."""

import uuid
from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tests.contract.storage.test_storage import CONTENT, layer_of
from tests.contract.storage.volume_rigs import VolumeRig

from kumoi.core.disks import SnapshotEntry, VolumeEntry
from kumoi.core.errors import KumoiError, NotFound
from kumoi.core.ids import SnapshotId, VolumeId

GIB = 1 << 30


def volume(**changes: object) -> VolumeEntry:
    fields: dict[str, object] = {"id": VolumeId(str(uuid.uuid4())), "pool": "files", "size_gib": 1}
    return VolumeEntry(**{**fields, **changes})  # type: ignore[arg-type]


def snapshot(of: VolumeEntry) -> SnapshotEntry:
    return SnapshotEntry(id=SnapshotId(str(uuid.uuid4())), volume_id=of.id, pool="files")


def made(rig: VolumeRig, content: bytes = b"", **changes: object) -> VolumeEntry:
    """A volume that stands, with this at its beginning."""
    entry = volume(**changes)
    rig.volumes.ensure_volume(entry, rig.fetch)
    if content:
        rig.write(entry.id, content)
    return entry


def frozen(rig: VolumeRig, of: VolumeEntry) -> SnapshotEntry:
    entry = snapshot(of)
    rig.volumes.freeze([entry], None)
    return entry


def sizes(rig: VolumeRig) -> dict[VolumeId, int]:
    return {one: sight.size_gib for one, sight in rig.volumes.observe().volumes.items()}


def test_an_empty_volume_stands_once(rig: VolumeRig) -> None:
    assert sizes(rig) == {}
    entry = made(rig)
    handle = rig.volumes.handle(entry.id)
    rig.volumes.ensure_volume(entry, rig.fetch)
    assert rig.volumes.handle(entry.id) == handle
    assert sizes(rig) == {entry.id: 1}
    assert rig.content(entry.id) == b""


def test_it_is_made_larger_and_never_smaller(rig: VolumeRig) -> None:
    entry = made(rig, b"data")
    rig.volumes.ensure_volume(replace(entry, size_gib=3), rig.fetch)
    assert sizes(rig) == {entry.id: 3}
    rig.volumes.ensure_volume(replace(entry, size_gib=2), rig.fetch)
    assert sizes(rig) == {entry.id: 3}
    assert rig.content(entry.id) == b"data"


def test_a_snapshot_keeps_what_was_there(rig: VolumeRig) -> None:
    entry = made(rig, b"before")
    kept = frozen(rig, entry)
    rig.write(entry.id, b"after!")
    rig.volumes.freeze([kept], None)
    copy = made(rig, snapshot_id=kept.id)
    assert rig.content(copy.id) == b"before"
    assert rig.content(entry.id) == b"after!"
    assert set(rig.volumes.observe().snapshots) == {kept.id}


def test_a_volume_of_a_snapshot_may_be_larger(rig: VolumeRig) -> None:
    kept = frozen(rig, made(rig, b"before"))
    copy = made(rig, snapshot_id=kept.id, size_gib=2)
    assert sizes(rig)[copy.id] == 2
    assert rig.content(copy.id) == b"before"


def test_what_is_made_of_a_snapshot_outlives_all_that_it_was_made_of(rig: VolumeRig) -> None:
    entry = made(rig, b"before")
    kept = frozen(rig, entry)
    copy = made(rig, snapshot_id=kept.id)
    rig.volumes.remove_volume(entry.id)
    rig.volumes.remove_snapshot(kept.id)
    stock = rig.volumes.observe()
    assert (set(stock.volumes), set(stock.snapshots), stock.strays) == ({copy.id}, set(), ())
    assert rig.content(copy.id) == b"before"


def test_a_snapshot_outlives_its_volume(rig: VolumeRig) -> None:
    entry = made(rig, b"before")
    first = frozen(rig, entry)
    rig.write(entry.id, b"later!")
    second = frozen(rig, entry)
    rig.volumes.remove_volume(entry.id)
    assert rig.content(made(rig, snapshot_id=second.id).id) == b"later!"
    assert rig.content(made(rig, snapshot_id=first.id).id) == b"before"


def test_volumes_are_frozen_together(rig: VolumeRig) -> None:
    a, b = made(rig, b"one"), made(rig, b"two")
    both = [snapshot(a), snapshot(b)]
    asked: list[Mapping[VolumeId, str]] = []
    rig.volumes.freeze(both, asked.append)
    assert [set(one) for one in asked] == [{a.id, b.id}]
    assert dict(asked[0]) == {one: rig.volumes.handle(one) for one in (a.id, b.id)}
    assert set(rig.volumes.observe().snapshots) == {one.id for one in both}


def test_nothing_is_frozen_before_guests_went_on(rig: VolumeRig) -> None:
    entry = made(rig, b"one")
    kept = snapshot(entry)

    def refuses(_: Mapping[VolumeId, str]) -> None:
        raise NotFound("compute", kind="machine", id="gone")

    for _ in range(2):
        with pytest.raises(NotFound):
            rig.volumes.freeze([kept], refuses)
        assert rig.volumes.observe().snapshots == {}
    assert rig.content(entry.id) == b"one"
    rig.write(entry.id, b"two")
    rig.volumes.freeze([kept], None)
    assert rig.content(entry.id) == b"two"
    assert rig.content(made(rig, snapshot_id=kept.id).id) in {b"one", b"two"}, "as it was at one moment since"


def test_a_volume_of_an_image(rig: VolumeRig) -> None:
    layer = layer_of(CONTENT)
    rig.layers[layer.sha256] = CONTENT
    entry = made(rig, layers=(layer,))
    rig.layers.clear()
    rig.volumes.ensure_volume(entry, rig.fetch)
    assert sizes(rig) == {entry.id: 1}
    assert rig.content(entry.id) == CONTENT


def test_a_volume_that_stands_on_much_is_made_to_stand_alone(rig: VolumeRig) -> None:
    entry = made(rig, b"before")
    first = frozen(rig, entry)
    rig.write(entry.id, b"later!")
    frozen(rig, entry)
    assert rig.volumes.observe().volumes[entry.id].depth == 3
    for _ in range(2):
        rig.volumes.flatten(entry.id, None)
        assert rig.volumes.observe().volumes[entry.id].depth == 1
    assert rig.content(entry.id) == b"later!"
    rig.volumes.remove_volume(entry.id)
    assert rig.content(made(rig, snapshot_id=first.id).id) == b"before"


def test_removing_what_is_not_there_is_harmless(rig: VolumeRig) -> None:
    rig.volumes.remove_volume(VolumeId(str(uuid.uuid4())))
    rig.volumes.remove_snapshot(SnapshotId(str(uuid.uuid4())))


@pytest.mark.parametrize("of", ["snapshot", "volume"])
def test_nothing_is_made_of_nothing(rig: VolumeRig, of: str) -> None:
    made_of = {
        "snapshot": lambda: made(rig, snapshot_id=SnapshotId(str(uuid.uuid4()))),
        "volume": lambda: frozen(rig, volume()),
    }
    with pytest.raises(NotFound) as wrong:
        made_of[of]()
    assert wrong.value.layer == "storage"
    assert sizes(rig) == {}
    with pytest.raises(KumoiError):
        rig.volumes.handle(VolumeId(str(uuid.uuid4())))


def numbers(rig: VolumeRig) -> dict[VolumeId, int]:
    return {one: sight.number for one, sight in rig.volumes.observe().volumes.items()}


def test_its_content_is_replaced_by_a_snapshot_once(rig: VolumeRig) -> None:
    entry = made(rig, b"before")
    kept = frozen(rig, entry)
    rig.write(entry.id, b"after!")
    back = replace(entry, number=1, snapshot_id=kept.id)
    rig.volumes.ensure_volume(back, rig.fetch)
    assert (rig.content(entry.id), numbers(rig)) == (b"before", {entry.id: 1})
    rig.write(entry.id, b"anew")
    rig.volumes.ensure_volume(back, rig.fetch)
    assert rig.content(entry.id).startswith(b"anew")
    later = frozen(rig, entry)
    rig.volumes.ensure_volume(replace(entry, size_gib=2, number=1), rig.fetch)
    assert (sizes(rig), numbers(rig)) == ({entry.id: 2}, {entry.id: 1})
    rig.volumes.remove_snapshot(kept.id)
    rig.volumes.ensure_volume(replace(entry, number=2, snapshot_id=later.id), rig.fetch)
    assert rig.content(entry.id).startswith(b"anew")
    assert (set(rig.volumes.observe().snapshots), numbers(rig)) == ({later.id}, {entry.id: 2})


def test_its_content_is_replaced_by_layers(rig: VolumeRig) -> None:
    layer = layer_of(CONTENT)
    rig.layers[layer.sha256] = CONTENT
    entry = made(rig, b"before")
    rig.volumes.ensure_volume(replace(entry, number=3, layers=(layer,)), rig.fetch)
    assert rig.content(entry.id) == CONTENT[: 1 << 20].rstrip(b"\0")
    assert numbers(rig) == {entry.id: 3}


def test_content_that_cannot_be_had_leaves_what_is_there(rig: VolumeRig) -> None:
    entry = made(rig, b"before")
    with pytest.raises(NotFound):
        rig.volumes.ensure_volume(replace(entry, number=1, snapshot_id=snapshot(entry).id), rig.fetch)
    assert (rig.content(entry.id), numbers(rig)) == (b"before", {entry.id: 0})
