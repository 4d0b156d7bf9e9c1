"""The page of backups, and what else is made of volumes by their dialogs: images, and volumes that go back."""

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.test_web_volumes import browser, server, taken, volume, volumes
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.backups import create as backing_up
from kumoi.app.backups.create import BackupWish
from kumoi.app.volumes import attaching, snapshots
from kumoi.app.volumes import create as making
from kumoi.app.volumes.attaching import AttachWish
from kumoi.app.volumes.create import VolumeWish
from kumoi.app.volumes.snapshots import SnapshotWish
from kumoi.core.backups import Backup
from kumoi.core.ids import VolumeId
from kumoi.core.query import Query

__all__ = ["browser"]


def backups(browser: Browser) -> list[Backup]:
    found = browser.cloud.store.read(lambda tx: tx.backups.find(Query()))
    return [one for one in found if one.deleted_at is None]


def backup(browser: Browser, of: VolumeId, name: str, **fields: str) -> Backup:
    assert post(browser, f"/volumes/{of}/backup", name=name, **fields).status == 204
    browser.cloud.settle()
    return next(one for one in backups(browser) if one.name == name)


def test_a_volume_is_backed_up_and_had_back(browser: Browser) -> None:
    assert "No backup yet" in read(browser, "/backups")
    one = volume(browser)
    browser.cloud.world.volumes[one].content = b"before"
    assert "as after a power cut" in read(browser, f"/volumes/{one}/backup", HTMX)
    made = backup(browser, one, "first", description="before the upgrade")
    page = read(browser, "/backups")
    assert all(word in page for word in ("first", "before the upgrade", "Available", "Full", "data", "1 of 10"))
    browser.cloud.world.volumes[one].content = b"after"
    asked = read(browser, f"/backups/{made.id}/restore", HTMX)
    assert "A new volume" in asked
    assert "data: what it holds is lost" in asked
    assert post(browser, f"/backups/{made.id}/restore", into="", name="back").status == 204
    browser.cloud.settle()
    back = next(v for v in volumes(browser) if v.name == "back")
    assert (browser.cloud.world.volumes[back.id].content, back.status) == (b"before", "available")
    assert post(browser, f"/backups/{made.id}/restore", into=one, name="").status == 204
    assert "Being restored" in read(browser, "/backups")
    assert "Being restored" in read(browser, "/volumes")
    browser.cloud.settle()
    assert browser.cloud.world.volumes[one].content == b"before"


def test_increments_keep_what_they_stand_on(browser: Browser) -> None:
    one = volume(browser)
    refused = post(browser, f"/volumes/{one}/backup", name="x", incremental="yes")
    assert refused.status == 422
    assert b"no backup of the volume" in refused.body
    first = backup(browser, one, "first")
    browser.cloud.clock.advance(1.0)
    second = backup(browser, one, "second", incremental="yes")
    assert second.parent_id == first.id
    assert "Incremental" in read(browser, "/backups")
    assert "delete them first" in read(browser, f"/backups/{first.id}/delete", HTMX)
    assert post(browser, f"/backups/{first.id}/delete").status == 409
    assert post(browser, f"/backups/{second.id}/delete").status == 204
    assert post(browser, f"/backups/{first.id}/delete").status == 204
    assert backups(browser) == []


def test_what_an_instance_has_is_backed_up_too(browser: Browser) -> None:
    cloud, one = browser.cloud, volume(browser)
    attaching.attach(cloud.house, cloud.call(), server(browser), AttachWish(volume_id=one))
    cloud.settle()
    assert backup(browser, one, "running").status == "available"
    assert "data: what it holds is lost" not in read(browser, f"/backups/{backups(browser)[0].id}/restore", HTMX)


def test_several_go_at_once(browser: Browser) -> None:
    one = volume(browser)
    first, second = backup(browser, one, "a"), backup(browser, one, "b")
    assert "Delete 2 backups?" in read(browser, f"/backups/delete?ids={first.id}&ids={second.id}", HTMX)
    assert post(browser, "/backups/delete", ids=first.id).status == 200
    assert [left.id for left in backups(browser)] == [second.id]


def test_an_image_is_made_of_a_volume(browser: Browser) -> None:
    one = volume(browser)
    assert "qcow2" in read(browser, f"/volumes/{one}/image", HTMX)
    assert post(browser, f"/volumes/{one}/image", name="", format="qcow2").status == 422
    assert post(browser, f"/volumes/{one}/image", name="golden", format="qcow2").status == 204
    browser.cloud.settle()
    assert "golden" in read(browser, "/images")


def test_a_volume_is_taken_back(browser: Browser) -> None:
    cloud, one = browser.cloud, volume(browser)
    cloud.world.volumes[one].content = b"before"
    snapshots.create(cloud.house, cloud.call(), SnapshotWish(volume_id=one, name="kept"))
    cloud.settle()
    cloud.world.volumes[one].content = b"after"
    (kept,) = taken(browser)
    assert "Take data back to kept?" in read(browser, f"/snapshots/{kept.id}/revert", HTMX)
    assert post(browser, f"/snapshots/{kept.id}/revert").status == 204
    cloud.settle()
    assert cloud.world.volumes[one].content == b"before"
    attaching.attach(cloud.house, cloud.call(), server(browser), AttachWish(volume_id=one))
    cloud.settle()
    assert "Its volume is in use" in read(browser, f"/snapshots/{kept.id}/revert", HTMX)


@pytest.mark.parametrize("path", ["restore", "delete"])
def test_another_projects_are_not_seen(browser: Browser, path: str) -> None:
    cloud = browser.cloud
    stranger = other_project(cloud)
    of = making.create(cloud.house, stranger, VolumeWish(name="not-ours", size_gib=1)).volume.id
    cloud.settle()
    theirs = backing_up.create(cloud.house, stranger, BackupWish(volume_id=of, name="not-ours")).backup.id
    cloud.settle()
    assert "not-ours" not in read(browser, "/backups")
    assert post(browser, f"/backups/{theirs}/{path}", into="", name="").status == 404
