"""What is the file driver's own: names, owners, a full disk, half-made files, hostile layers."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.contract.storage import images
from tests.contract.storage.test_storage import CONTENT, giving, instance, layer_of

from kumoi.adapters.storage.files import FileStorage
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.core.disks import LayerRef, RootDisk
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import ImageId, LayerId

GIB = 1 << 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def storage(folder: Path) -> FileStorage:
    return FileStorage(folder, Owner(uid=os.getuid(), gid=os.getgid()))


def qcow2_layer(content: bytes, virtual_bytes: int = 1 << 20) -> LayerRef:
    return LayerRef(
        id=LayerId(str(uuid.uuid4())),
        sha256=hashlib.sha256(content).hexdigest(),
        format="qcow2",
        size_bytes=len(content),
        virtual_bytes=virtual_bytes,
    )


def information(disk: str) -> dict[str, object]:
    done = subprocess.run(["qemu-img", "info", "-f", "qcow2", "--output=json", disk], capture_output=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("size_gib", "virtual"), [(0, 1 << 20), (2, 2 * GIB)])
def test_the_overlay_stands_on_its_layer_by_name_and_format(
    storage: FileStorage, folder: Path, size_gib: int, virtual: int
) -> None:
    content = images.qcow2()
    layer = qcow2_layer(content)
    storage.ensure_layer(layer, giving(content))
    disk = storage.ensure_root(instance(), RootDisk(layers=(layer,), size_gib=size_gib))
    found = information(disk)
    assert found["backing-filename"] == str(folder / "layers" / layer.sha256)
    assert found["backing-filename-format"] == "qcow2"
    assert found["virtual-size"] == virtual
    assert stat.S_IMODE(os.stat(disk).st_mode) == 0o600


def test_a_disk_never_shrinks_below_its_layer(storage: FileStorage) -> None:
    content = images.qcow2(virtual_bytes=3 * GIB, l1_entries=8)
    layer = qcow2_layer(content, 3 * GIB)
    storage.ensure_layer(layer, giving(content))
    assert (
        information(storage.ensure_root(instance(), RootDisk(layers=(layer,), size_gib=1)))["virtual-size"] == 3 * GIB
    )


def test_a_disk_grows_in_place_and_never_shrinks(storage: FileStorage) -> None:
    owner = instance()
    sizes = []
    for size_gib in (1, 3, 2):
        disk = storage.ensure_root(owner, RootDisk(layers=(), size_gib=size_gib))
        sizes.append(information(disk)["virtual-size"])
    assert sizes == [GIB, 3 * GIB, 3 * GIB]


def test_a_disk_without_layers_is_blank(storage: FileStorage) -> None:
    found = information(storage.ensure_root(instance(), RootDisk(layers=(), size_gib=1)))
    assert "backing-filename" not in found
    assert found["virtual-size"] == GIB


def test_an_existing_disk_is_never_touched(storage: FileStorage) -> None:
    owner = instance()
    disk = Path(storage.ensure_root(owner, RootDisk(layers=(), size_gib=1)))
    disk.write_bytes(b"the guest's own")
    storage.ensure_root(owner, RootDisk(layers=(), size_gib=5))
    assert disk.read_bytes() == b"the guest's own"


def test_a_chain_of_layers_is_not_offered_yet(storage: FileStorage) -> None:
    with pytest.raises(Unsupported):
        storage.ensure_root(instance(), RootDisk(layers=(layer_of(b"a"), layer_of(b"b")), size_gib=1))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (images.with_backing(b"/etc/passwd"), "backing_file"),
        (images.qcow2(incompatible=4), "data_file"),
        (images.qcow2(virtual_bytes=1 << 50, l1_entries=1 << 22), "too_large_virtual"),
        (b"no qcow2 at all", "not_an_image"),
    ],
    ids=lambda value: value if isinstance(value, str) else "layer",
)
def test_a_layer_that_leads_elsewhere_is_refused_though_its_hash_is_right(
    storage: FileStorage, content: bytes, reason: str
) -> None:
    layer = qcow2_layer(content)
    with pytest.raises(Invalid) as refused:
        storage.ensure_layer(layer, giving(content))
    assert refused.value.facts["reason"] == reason
    assert not storage.has_layer(layer)


def test_a_layer_of_another_size_than_planned_is_refused(storage: FileStorage) -> None:
    content = images.qcow2()
    with pytest.raises(Invalid):
        storage.ensure_layer(qcow2_layer(content, virtual_bytes=2 << 20), giving(content))


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_hash_is_a_hash(storage: FileStorage, sha256: str) -> None:
    with pytest.raises(Invalid):
        storage.has_layer(msgspec.structs.replace(layer_of(CONTENT), sha256=sha256))


@pytest.mark.root
def test_disks_are_qemus_and_layers_only_readable_to_it(folder: Path) -> None:
    storage = FileStorage(folder, Owner(uid=47000, gid=47001))
    layer = layer_of(CONTENT)
    storage.ensure_layer(layer, giving(CONTENT))
    disk = os.stat(storage.ensure_root(instance(), RootDisk(layers=(layer,), size_gib=1)))
    assert (disk.st_uid, disk.st_gid, stat.S_IMODE(disk.st_mode)) == (47000, 47001, 0o600)
    below = os.stat(folder / "layers" / layer.sha256)
    assert (below.st_uid, below.st_gid, stat.S_IMODE(below.st_mode)) == (os.getuid(), 47001, 0o440)
    for place in (folder, folder / "layers", folder / "disks"):
        assert (place.stat().st_gid, stat.S_IMODE(place.stat().st_mode)) == (47001, 0o750)


def test_what_a_crash_left_half_made_never_counts(storage: FileStorage, folder: Path) -> None:
    layer, owner = layer_of(CONTENT), instance()
    (folder / "layers" / f".{layer.sha256}.new").write_bytes(b"half")
    (folder / "disks" / f".{owner}.qcow2.new").write_bytes(b"half")
    assert not storage.has_layer(layer)
    assert storage.observe_roots() == (set(), [])
    storage.ensure_layer(layer, giving(CONTENT))
    storage.ensure_root(owner, RootDisk(layers=(layer,), size_gib=1))
    storage.remove_root(owner)
    (folder / "layers" / f".{'0' * 64}.new").write_bytes(b"half")
    storage.collect_layers(set())
    assert [p for p in folder.rglob("*") if p.is_file()] == []


def test_a_disk_that_does_not_tell_its_layer_keeps_them_all(storage: FileStorage) -> None:
    layer = layer_of(CONTENT)
    storage.ensure_layer(layer, giving(CONTENT))
    Path(storage.ensure_root(instance(), RootDisk(layers=(), size_gib=1))).write_bytes(b"garbage")
    storage.collect_layers(set())
    assert storage.has_layer(layer)


def test_strangers_are_told_by_name(storage: FileStorage, folder: Path) -> None:
    (folder / "disks" / "holiday.mp4").touch()
    (folder / "disks" / "not-a-uuid.qcow2").touch()
    assert storage.observe_roots() == (set(), ["holiday.mp4", "not-a-uuid.qcow2"])


def test_many_who_want_one_layer_wait_for_one_fetch(storage: FileStorage) -> None:
    layer = layer_of(CONTENT)
    fetched: list[str] = []

    def slowly(sha256: str) -> Iterator[bytes]:
        fetched.append(sha256)
        for n in range(0, len(CONTENT), 256):
            yield CONTENT[n : n + 256]

    threads = [threading.Thread(target=storage.ensure_layer, args=(layer, slowly)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.has_layer(layer)
    assert len(fetched) == 1


def test_the_config_drive_is_found_by_its_label(storage: FileStorage) -> None:
    drive = storage.ensure_config_drive(
        instance(), {"openstack/latest/meta_data.json": b'{"uuid": "x"}', "ec2/latest/user-data": b"\0\xff"}
    )
    assert "Volume id: config-2" in isoinfo("-d", drive)
    assert isoinfo("-J", drive, "-x", "/openstack/latest/meta_data.json") == '{"uuid": "x"}'


def test_a_copy_holds_what_the_guest_wrote_over_its_layer(storage: FileStorage, folder: Path) -> None:
    layer, owner, copy = layer_of(CONTENT), instance(), ImageId(str(uuid.uuid4()))
    storage.ensure_layer(layer, giving(CONTENT))
    disk = storage.ensure_root(owner, RootDisk(layers=(layer,), size_gib=1))
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 65 512M 64k", disk], check=True, capture_output=True)
    storage.copy_root(owner, copy, None)
    made = folder / "copies" / f"{owner}.{copy}.qcow2"
    assert "backing-filename" not in information(str(made))
    same = subprocess.run(["qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", disk, str(made)], check=False)
    assert same.returncode == 0
    assert made.stat().st_size < 2 << 20  # what is not there is not copied
    assert stat.S_IMODE(made.stat().st_mode) == 0o400


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (images.with_backing(b"/etc/passwd"), "backing_file"),
        (images.qcow2(incompatible=4), "data_file"),
        (b"no qcow2 at all", "not_an_image"),
    ],
    ids=lambda value: value if isinstance(value, str) else "disk",
)
def test_a_disk_that_its_guest_made_lead_elsewhere_is_not_opened(
    storage: FileStorage, content: bytes, reason: str
) -> None:
    owner = instance()
    Path(storage.ensure_root(owner, RootDisk(layers=(), size_gib=1))).write_bytes(content)
    with pytest.raises(Invalid) as refused:
        storage.copy_root(owner, ImageId(str(uuid.uuid4())), None)
    assert refused.value.facts["reason"] == reason
    assert storage.observe_copies() == {}


def test_what_a_crash_left_of_a_copy_goes_with_the_next_start(storage: FileStorage, folder: Path) -> None:
    left = folder / "copies" / f".{instance()}.{instance()}.qcow2.new"
    left.write_bytes(b"half")
    assert storage.observe_copies() == {}
    FileStorage(folder, Owner(uid=os.getuid(), gid=os.getgid()))
    assert not left.exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", ""])
def test_a_config_drive_stays_within_itself(storage: FileStorage, name: str) -> None:
    with pytest.raises(Invalid):
        storage.ensure_config_drive(instance(), {name: b""})


def isoinfo(option: str, drive: str, *more: str) -> str:
    return subprocess.run(["isoinfo", option, "-i", drive, *more], capture_output=True, text=True, check=True).stdout


FULL = """
import os, sys
from pathlib import Path
from kumoi.core.errors import Unavailable
from kumoi.core.plan import RootDisk
from tests.contract.storage.test_files import FileStorage, Owner
from tests.contract.storage.test_storage import giving, instance, layer_of

folder = Path(sys.argv[1])
storage = FileStorage(folder, Owner(uid=0, gid=0))
big = b"x" * (1 << 20)
for act in (
    lambda: storage.ensure_layer(layer_of(big), giving(big)),
    lambda: storage.ensure_root(instance(), RootDisk(layers=(), size_gib=1)),
    lambda: storage.ensure_config_drive(instance(), {"a": b"x" * 200_000}),
):
    try:
        act()
    except Unavailable as error:
        print(error.layer, error.facts["what"])
print([str(p) for p in folder.rglob("*") if p.is_file()])
"""


@pytest.mark.root
def test_a_full_disk_is_said_and_nothing_stays_half_made(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", str(tmp_path), sys.executable, FULL],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["storage space", "storage space", "storage space", "[]"]
