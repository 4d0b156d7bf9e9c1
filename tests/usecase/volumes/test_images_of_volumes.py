"""Images made of volumes, and volumes that go back to their snapshots."""

from typing import Any

import pytest
from tests.usecase.cinder import Cinder
from tests.usecase.volumes.test_backups import content, write
from tests.usecase.volumes.test_volumes import act, attach, greeted, make, server, shown

from kumoi.adapters.fake.world import Crash
from kumoi.app.images import doors as images
from kumoi.app.instances import read, run
from kumoi.app.instances.delete import delete
from kumoi.app.instances.wish import DiskChoice, RunWish
from kumoi.core.ids import FlavorId, ImageId
from kumoi.core.images import Image

__all__ = ["greeted"]


def upload(cinder: Cinder, volume: str, status: int = 202, who: str = "demo", **more: Any) -> Any:
    body = {"os-volume_upload_image": {"image_name": "copy", "disk_format": "qcow2", **more}}
    answer = act(cinder, volume, body, status, who)
    return answer["os-volume_upload_image"] if status == 202 else answer


def image(cinder: Cinder, image_id: str) -> Image:
    return images.get(cinder.cloud.house, cinder.cloud.call(), ImageId(image_id))


def data(cinder: Cinder, image_id: str) -> bytes:
    _, layer = images.layer_of(cinder.cloud.house, cinder.cloud.call(), ImageId(image_id))
    assert layer is not None
    return b"".join(cinder.cloud.house.blobs.read(layer.sha256))


def snapshot(cinder: Cinder, volume: str) -> str:
    made: str = cinder.do("POST", "/snapshots", {"snapshot": {"volume_id": volume}}, 202, "demo")["snapshot"]["id"]
    cinder.cloud.settle()
    return made


def test_an_image_is_what_the_volume_holds_and_boots(cinder: Cinder) -> None:
    cloud, volume = cinder.cloud, make(cinder, imageRef=cinder.cloud.image(), size=2)
    write(cinder, volume, b"installed")
    made = upload(cinder, volume)
    assert (made["image_name"], made["disk_format"], made["size"]) == ("copy", "qcow2", 2)
    cinder.do("DELETE", f"/volumes/{volume}", None, 400, "demo")
    cloud.settle()
    full = image(cinder, made["image_id"])
    assert (full.status, full.min_disk_gib, full.virtual_bytes, full.visibility) == ("active", 2, 2 << 30, "private")
    assert b"installed" in data(cinder, full.id)
    assert not cloud.world.copies
    assert not cloud.world.snapshots
    cinder.do("DELETE", f"/volumes/{volume}", None, 202, "demo")
    disk = DiskChoice(source="image", id=full.id, boot=True, size_gib=2)
    one = run.run(cloud.house, cloud.call(), RunWish(name="a", flavor_id=FlavorId("1"), image_id=None, disks=(disk,)))[
        0
    ]
    cloud.settle()
    assert read.get(cloud.house, cloud.call(), one.id).instance.status == "active"
    assert [v.content for v in cloud.world.volumes.values()] == [b"installed"]


def test_of_a_guests_volume_it_is_made_by_force(cinder: Cinder) -> None:
    volume = make(cinder)
    attach(cinder, server(cinder), volume)
    cinder.cloud.settle()
    upload(cinder, volume, 400)
    made = upload(cinder, volume, force=True)
    cinder.cloud.settle()
    assert image(cinder, made["image_id"]).status == "active"
    assert not cinder.cloud.world.broken


def test_a_raw_image_is_the_whole_disk(cinder: Cinder) -> None:
    volume = make(cinder)
    write(cinder, volume, b"installed")
    made = upload(cinder, volume, disk_format="raw")
    cinder.cloud.settle()
    full = image(cinder, made["image_id"])
    assert (full.status, full.disk_format, full.size_bytes) == ("active", "raw", 1 << 30)
    assert next(cinder.cloud.house.blobs.read(_sha256(cinder, full))).startswith(b"installed\0")


def _sha256(cinder: Cinder, full: Image) -> str:
    layer = images.layer_of(cinder.cloud.house, cinder.cloud.call(), full.id)[1]
    assert layer is not None
    return layer.sha256


def test_what_cannot_be_made_is_refused(cinder: Cinder) -> None:
    volume = make(cinder)
    upload(cinder, volume, 501, disk_format="vmdk")
    upload(cinder, volume, 501, container_format="ova")
    upload(cinder, volume, 403, visibility="public")
    upload(cinder, volume, 400, visibility="secret")
    upload(cinder, volume, 400, image_name="")
    upload(cinder, volume, 404, "other")
    assert upload(cinder, volume, who="admin", visibility="public", protected=True)["protected"] is True


def test_an_image_that_nobody_wants_any_more_lets_the_volume_go(cinder: Cinder) -> None:
    cloud, volume = cinder.cloud, make(cinder)
    made = upload(cinder, volume)
    images.delete(cloud.house, cloud.call(), ImageId(made["image_id"]))
    cloud.settle()
    assert not cloud.world.copies
    cinder.do("DELETE", f"/volumes/{volume}", None, 202, "demo")


def test_an_image_of_a_volume_that_goes_with_its_guest_ends(cinder: Cinder) -> None:
    cloud, volume = cinder.cloud, make(cinder)
    attach(cinder, one := server(cinder), volume, delete_on_termination=True)
    cloud.settle()
    cloud.world.faults.failing["copy_volume"] = 1000
    made = upload(cinder, volume, force=True)
    cloud.settle()
    delete(cloud.house, cloud.call(), one)
    cloud.settle(30.0)
    assert image(cinder, made["image_id"]).status == "killed"


def test_a_volume_goes_back_to_any_of_its_snapshots(cinder: Cinder) -> None:
    volume, other = make(cinder), make(cinder)
    write(cinder, volume, b"one")
    first = snapshot(cinder, volume)
    write(cinder, volume, b"two")
    second = snapshot(cinder, volume)
    write(cinder, volume, b"three")
    strange = snapshot(cinder, other)
    act(cinder, volume, {"revert": {"snapshot_id": strange}}, 400)
    for kept, held in ((first, b"one"), (second, b"two")):
        act(cinder, volume, {"revert": {"snapshot_id": kept}})
        assert shown(cinder, volume)["status"] == "reverting"
        cinder.cloud.settle()
        assert (shown(cinder, volume)["status"], content(cinder, volume)) == ("available", held)
    for kept in (first, second):
        cinder.do("DELETE", f"/snapshots/{kept}", None, 202, "demo")
    cinder.cloud.settle()
    assert content(cinder, volume) == b"two"
    assert shown(cinder, volume)["status"] == "available"


def test_one_that_grew_or_is_used_does_not_go_back(cinder: Cinder) -> None:
    volume = make(cinder)
    kept = snapshot(cinder, volume)
    attach(cinder, one := server(cinder), volume)
    cinder.cloud.settle()
    act(cinder, volume, {"revert": {"snapshot_id": kept}}, 400)
    delete(cinder.cloud.house, cinder.cloud.call(), one)
    cinder.cloud.settle()
    act(cinder, volume, {"os-extend": {"new_size": 2}})
    cinder.cloud.settle()
    act(cinder, volume, {"revert": {"snapshot_id": kept}}, 400)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_whoever_dies_it_is_the_one_or_the_other(cinder: Cinder, done: bool) -> None:
    cloud, volume = cinder.cloud, make(cinder)
    write(cinder, volume, b"kept")
    kept = snapshot(cinder, volume)
    write(cinder, volume, b"after")
    act(cinder, volume, {"revert": {"snapshot_id": kept}})
    cloud.world.faults.crash_in(1, done=done)
    with pytest.raises(Crash):
        cloud.settle()
    assert content(cinder, volume) in {b"kept", b"after"}
    cloud.world.faults.heal()
    cloud.restart_agent()
    cloud.settle()
    assert (shown(cinder, volume)["status"], content(cinder, volume)) == ("available", b"kept")
    assert not cloud.world.broken
