"""Pages of volumes and snapshots: create, attach, extend, take, detach, delete."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.app.quotas import set_quota
from kumoi.app.volumes import create as making
from kumoi.app.volumes import snapshots
from kumoi.app.volumes.create import VolumeWish
from kumoi.core.ids import FlavorId, InstanceId, VolumeId
from kumoi.core.query import Query
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volumes import Volume


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        made.cloud.settle()
        yield made
        made.close()


def volumes(browser: Browser) -> list[Volume]:
    found = browser.cloud.store.read(lambda tx: tx.volumes.find(Query()))
    return [one for one in found if one.deleted_at is None]


def volume(browser: Browser, name: str = "data") -> VolumeId:
    made = making.create(browser.cloud.house, browser.cloud.call(), VolumeWish(name=name, size_gib=1)).volume.id
    browser.cloud.settle()
    return made


def taken(browser: Browser) -> list[VolumeSnapshot]:
    return browser.cloud.store.read(lambda tx: tx.volume_snapshots.find(Query()))


def server(browser: Browser) -> InstanceId:
    cloud = browser.cloud
    wish = RunWish(name="vm-1", flavor_id=FlavorId("1"), image_id=cloud.image())
    made = run.run(cloud.house, cloud.call(), wish)[0].id
    cloud.settle()
    return made


def test_a_volume_is_made_by_the_dialog(browser: Browser) -> None:
    assert "No volume yet" in read(browser, "/volumes")
    assert "Nothing: an empty disk" in read(browser, "/volumes/new", HTMX)
    answer = post(browser, "/volumes", name="data", size="2", source="", type="", description="d")
    assert answer.status == 200, answer.body
    (made,) = volumes(browser)
    assert (made.name, made.size_gib, made.description) == ("data", 2, "d")
    browser.cloud.settle()
    page = read(browser, "/volumes")
    assert "data" in page
    assert "Available" in page
    assert "Available" in read(browser, "/volumes", HTMX, ("hx-target", "div#table"))  # as the page renews itself


@pytest.mark.parametrize(("fields", "says"), [
    ({"size": "0"}, "size-error"), ({"size": "x"}, "size-error"), ({"size": "", "source": ""}, "size-error"),
    ({"size": "1", "type": "nowhere"}, "volume type"),
])  # fmt: skip
def test_nonsense_comes_back_with_what_is_wrong(browser: Browser, fields: dict[str, str], says: str) -> None:
    answer = post(browser, "/volumes", name="kept", **fields)
    assert answer.status in {404, 422}
    assert says in answer.body.decode()
    assert "kept" in answer.body.decode()
    assert volumes(browser) == []


def test_a_full_quota_greys_the_button_and_says_so(browser: Browser) -> None:
    set_quota(browser.cloud.house, browser.cloud.call(admin=True), browser.cloud.project, {"volumes": 0})
    assert 'aria-disabled="true"' in read(browser, "/volumes")
    assert post(browser, "/volumes", name="a", size="1").status == 403


def test_it_goes_into_an_instance_and_out(browser: Browser) -> None:
    one, instance = volume(browser), server(browser)
    assert "vm-1" in read(browser, f"/volumes/{one}/attach", HTMX)
    assert post(browser, f"/volumes/{one}/attach", instance="").status == 422
    assert post(browser, f"/volumes/{one}/attach", instance=instance).status == 204
    browser.cloud.settle()
    page = read(browser, "/volumes")
    assert f'href="/instances/{instance}"' in page
    assert "/dev/vdb" in page
    assert "detach it first" in read(browser, f"/volumes/{one}/delete", HTMX)
    assert post(browser, f"/volumes/{one}/delete").status == 409
    assert post(browser, f"/volumes/{one}/detach").status == 204
    browser.cloud.settle()
    assert [v.status for v in volumes(browser)] == ["available"]
    assert post(browser, f"/volumes/{one}/delete").status == 204
    assert volumes(browser) == []


def test_it_is_extended_and_never_made_smaller(browser: Browser) -> None:
    one = volume(browser)
    assert "1 GiB now" in read(browser, f"/volumes/{one}/extend", HTMX)
    assert post(browser, f"/volumes/{one}/extend", size="1").status == 422
    assert post(browser, f"/volumes/{one}/extend", size="3").status == 204
    browser.cloud.settle()
    assert [(v.size_gib, v.status) for v in volumes(browser)] == [(3, "available")]


def test_a_snapshot_is_taken_and_a_volume_made_of_it(browser: Browser) -> None:
    one = volume(browser)
    assert post(browser, f"/volumes/{one}/snapshot", name="before").status == 204
    browser.cloud.settle()
    (snapshot,) = taken(browser)
    assert "before" in read(browser, "/snapshots")
    assert f'value="snapshot/{snapshot.id}" selected' in read(browser, f"/volumes/new?snapshot={snapshot.id}", HTMX)
    assert post(browser, "/volumes", name="again", size="", source=f"snapshot/{snapshot.id}").status == 200
    assert {v.snapshot_id for v in volumes(browser) if v.name == "again"} == {snapshot.id}
    assert post(browser, f"/snapshots/{snapshot.id}/delete").status == 204
    assert [s.deleted_at is None for s in taken(browser)] == [False]


def test_many_go_at_once(browser: Browser) -> None:
    first, second = volume(browser, "one"), volume(browser, "two")
    asked = read(browser, f"/volumes/delete?ids={first}&ids={second}", HTMX)
    assert "Delete 2 volumes?" in asked
    assert post(browser, "/volumes/delete", ids=first).status == 200
    assert [v.id for v in volumes(browser)] == [second]


def test_another_projects_are_not_seen(browser: Browser) -> None:
    cloud = browser.cloud
    theirs = making.create(cloud.house, other_project(cloud), VolumeWish(name="not-ours", size_gib=1)).volume.id
    cloud.settle()
    assert "not-ours" not in read(browser, "/volumes")
    for act in ("attach", "extend", "snapshot", "delete"):
        assert browser.ask("GET", f"/volumes/{theirs}/{act}", HTMX).status == 404
    assert snapshots.find(cloud.house, cloud.call(), Query()) == []
