"""What is the own of volumes in files: names, owners, half-made and hostile files, depth, and what is let go."""

import os
import stat
import subprocess
import uuid
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.contract.storage import images
from tests.contract.storage.test_storage import CONTENT, layer_of
from tests.contract.storage.test_volumes import frozen, made, snapshot, volume
from tests.contract.storage.volume_rigs import FilesRig

from kumoi.adapters.storage import image_headers
from kumoi.adapters.storage.volume_files import FileVolumePool
from kumoi.core.errors import Invalid, KumoiError, Unavailable
from kumoi.core.ids import ImageId, VolumeId


@pytest.fixture
def rig(tmp_path: Path) -> FilesRig:
    return FilesRig(tmp_path)


def files(rig: FilesRig) -> set[str]:
    return set(os.listdir(rig.folder / "volumes/files"))


def mode(path: str | Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_what_is_written_is_qemus_and_what_is_frozen_is_not(rig: FilesRig) -> None:
    entry = made(rig)
    old = rig.volumes.handle(entry.id)
    assert mode(old) == 0o600
    frozen(rig, entry)
    assert rig.volumes.handle(entry.id) != old
    assert (mode(old), mode(rig.volumes.handle(entry.id))) == (0o440, 0o600)


def test_files_go_with_the_last_that_stands_on_them(rig: FilesRig) -> None:
    layer = layer_of(CONTENT)
    rig.layers[layer.sha256] = CONTENT
    entry = made(rig, layers=(layer,))
    kept = frozen(rig, entry)
    copy = made(rig, snapshot_id=kept.id)
    rig.storage.collect_layers(set())
    assert not rig.storage.has_layer(layer)
    rig.volumes.remove_volume(entry.id)
    rig.volumes.remove_snapshot(kept.id)
    assert rig.content(copy.id) == CONTENT
    rig.volumes.remove_volume(copy.id)
    assert files(rig) == set()


def test_a_new_process_finds_all_and_throws_away_what_was_never_finished(rig: FilesRig) -> None:
    entry = made(rig, b"before")
    kept = frozen(rig, entry)
    known, there = rig.volumes.observe(), files(rig)
    folder = rig.folder / "volumes"
    for left in ("files/left.qcow2", "files/.left.qcow2.new", ".left.volume.new"):
        (folder / left).write_bytes(b"")
    rig.volumes = rig.pool()
    assert (rig.volumes.observe(), files(rig)) == (known, there)
    assert {path.name for path in folder.iterdir()} == {"files", f"{entry.id}.volume", f"{kept.id}.snapshot"}


def test_what_no_record_tells_of_is_kept_while_one_cannot_be_read(rig: FilesRig) -> None:
    entry = made(rig)
    (rig.folder / f"volumes/{entry.id}.volume").write_bytes(b"{")
    rig.volumes = rig.pool()
    assert rig.volumes.observe().strays == (f"{entry.id}.volume",)
    rig.volumes.remove_volume(made(rig).id)
    assert f"{entry.id}.qcow2" in files(rig)


def test_a_freeze_that_was_cut_off_is_ended_by_the_next_process(rig: FilesRig) -> None:
    entry = made(rig, b"before")
    kept = snapshot(entry)

    def dies(_: object) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        rig.volumes.freeze([kept], dies)
    rig.volumes = rig.pool()
    assert rig.content(entry.id) == b"before"
    rig.volumes.freeze([kept], None)
    rig.write(entry.id, b"after!")
    assert rig.content(made(rig, snapshot_id=kept.id).id) == b"before"


@pytest.mark.parametrize("points_at", ["another's", "/etc/passwd", "json:{}"])
def test_a_disk_that_names_another_file_is_opened_by_nobody(rig: FilesRig, points_at: str) -> None:
    secret = made(rig, b"another project's")
    frozen(rig, secret)
    entry = made(rig)
    path = Path(rig.volumes.handle(entry.id))
    others = next(name for name in files(rig) if name == f"{secret.id}.qcow2")
    name = str(path.parent / others) if points_at == "another's" else points_at
    path.write_bytes(images.with_backing(name.encode()))
    for act in (
        lambda: rig.volumes.handle(entry.id),
        lambda: rig.volumes.ensure_volume(replace(entry, size_gib=9), rig.fetch),
        lambda: frozen(rig, entry),
    ):
        with pytest.raises(Invalid):
            act()
    assert rig.volumes.observe().volumes[entry.id].size_gib == 0
    rig.volumes.remove_volume(entry.id)


def test_a_disk_that_is_none_any_more_holds_up_nobody_else(rig: FilesRig) -> None:
    bad, good = made(rig), made(rig, b"good")
    Path(rig.volumes.handle(bad.id)).write_bytes(b"\0" * 512)
    with pytest.raises(Invalid):
        rig.volumes.handle(bad.id)
    assert rig.content(good.id) == b"good"
    rig.volumes.remove_volume(bad.id)
    assert set(rig.volumes.observe().volumes) == {good.id}


def test_a_pull_that_did_not_come_to_its_end_is_no_flattening(rig: FilesRig) -> None:
    """It is seen in the file, whatever the hypervisor says."""
    entry = made(rig, b"before")
    frozen(rig, entry)
    with pytest.raises(Unavailable):
        rig.volumes.flatten(entry.id, lambda: None)
    assert rig.volumes.observe().volumes[entry.id].depth == 2
    pull = ["qemu-img", "rebase", "-f", "qcow2", "-b", "", rig.volumes.handle(entry.id)]
    rig.volumes.flatten(entry.id, lambda: subprocess.run(pull, check=True) and None)
    assert rig.volumes.observe().volumes[entry.id].depth == 1
    assert rig.content(entry.id) == b"before"


def test_a_file_that_somebody_took_away_is_told_and_holds_up_nobody(rig: FilesRig) -> None:
    lost, good = made(rig), made(rig)
    Path(rig.volumes.handle(lost.id)).unlink()
    seen = rig.volumes.observe().volumes
    assert (seen[lost.id].size_gib, seen[good.id].size_gib) == (0, 1)
    with pytest.raises(Unavailable):
        rig.volumes.ensure_volume(lost, rig.fetch)
    rig.volumes.remove_volume(lost.id)
    assert set(rig.volumes.observe().volumes) == {good.id}


@pytest.mark.parametrize("name", ["../escape", "x", ""])
def test_ids_are_no_paths(rig: FilesRig, name: str) -> None:
    with pytest.raises(Invalid):
        rig.volumes.ensure_volume(replace(volume(), id=VolumeId(name)), rig.fetch)


def test_a_refusal_of_qemu_img_leaves_nothing(rig: FilesRig) -> None:
    entry = made(rig)
    broken = FileVolumePool(rig.folder / "volumes", rig.storage.layers, rig.owner, program="/bin/false")
    with pytest.raises(Unavailable):
        broken.ensure_volume(volume(), rig.fetch)
    with pytest.raises(KumoiError):
        broken.freeze([snapshot(entry)], None)
    assert files(rig) == {f"{entry.id}.qcow2"}
    assert broken.observe() == rig.volumes.observe()


def test_a_copy_of_a_snapshot_stands_alone(rig: FilesRig) -> None:
    layer, image = layer_of(CONTENT), ImageId(str(uuid.uuid4()))
    rig.layers[layer.sha256] = CONTENT
    entry = made(rig, layers=(layer,))
    kept = frozen(rig, entry)
    rig.write(entry.id, b"later!")
    for _ in range(2):
        rig.storage.copy_volume(entry.id, image, rig.volumes.snapshot_handle(kept.id))
    assert rig.storage.observe_copies() == {image: entry.id}
    rig.volumes.remove_volume(entry.id)
    rig.volumes.remove_snapshot(kept.id)
    data = b"".join(rig.storage.read_copy(image))
    assert image_headers.virtual_bytes_of_qcow2(lambda at, length: data[at : at + length], len(data)) == 1 << 30
    assert CONTENT in data
    rig.storage.drop_copy(image)
    assert rig.storage.observe_copies() == {}
