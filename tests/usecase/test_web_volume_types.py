"""Pages of volume types; volumes that go to other projects; the volumes on an instance's own page."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.test_web_volumes import server, volume, volumes
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.volumes import attaching, transfers
from kumoi.app.volumes import create as making
from kumoi.app.volumes.attaching import AttachWish
from kumoi.app.volumes.create import VolumeWish
from kumoi.core.ids import VolumeId
from kumoi.core.query import Query, eq
from kumoi.core.volume_types import VolumeType


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        made.cloud.settle()
        yield made
        made.close()


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in("admin", "a")
        made.cloud.settle()
        yield made
        made.close()


def typed(browser: Browser, name: str) -> VolumeType | None:
    found = browser.cloud.store.read(lambda tx: tx.volume_types.find(Query(filters=(eq("name", name),))))
    return found[0] if found else None


def test_a_type_is_made_changed_and_deleted(admin: Browser) -> None:
    assert "__DEFAULT__" in read(admin, "/admin/volume-types")
    specs = "volume_backend_name=files\nnote=a"
    assert post(admin, "/admin/volume-types/create", name="", specs=specs).status == 422
    assert post(admin, "/admin/volume-types/create", name="fast", specs="nonsense").status == 422
    assert post(admin, "/admin/volume-types/create", name="fast", public="yes", specs=specs).status == 204
    assert post(admin, "/admin/volume-types/create", name="fast", specs="").status == 409
    made = typed(admin, "fast")
    assert made is not None
    assert (made.public, made.extra_specs) == (True, {"volume_backend_name": "files", "note": "a"})
    assert "volume_backend_name=files" in read(admin, "/admin/volume-types")
    assert "note=a" in read(admin, f"/admin/volume-types/{made.id}/edit", HTMX)
    fields = {"name": "quick", "description": "d", "specs": "volume_backend_name=files"}
    assert post(admin, f"/admin/volume-types/{made.id}/edit", **fields).status == 204
    then = typed(admin, "quick")
    assert then is not None
    assert (then.description, then.public, then.extra_specs) == ("d", False, {"volume_backend_name": "files"})
    assert "quick" in read(admin, "/volumes/new", HTMX)
    assert post(admin, f"/admin/volume-types/{made.id}/delete").status == 204
    assert typed(admin, "quick") is None


def test_a_type_in_use_and_the_usual_one_stay(admin: Browser) -> None:
    assert post(admin, "/admin/volume-types/create", name="fast", public="yes", specs="").status == 204
    made, usual = typed(admin, "fast"), typed(admin, "__DEFAULT__")
    assert made is not None
    assert usual is not None
    cloud = admin.cloud
    making.create(cloud.house, cloud.call(), VolumeWish(name="a", size_gib=1, type_name="fast"))
    assert post(admin, f"/admin/volume-types/{made.id}/delete").status == 409
    assert "ask for none" in read(admin, f"/admin/volume-types/{usual.id}/delete", HTMX)
    assert post(admin, f"/admin/volume-types/{usual.id}/delete").status == 409


def test_members_make_no_types(browser: Browser) -> None:
    assert browser.ask("GET", "/admin/volume-types").status == 403
    assert post(browser, "/admin/volume-types/create", name="fast", specs="").status == 403
    assert "/admin/volume-types" not in read(browser, "/volumes")


def test_a_volume_is_offered_taken_back_and_accepted_elsewhere(browser: Browser) -> None:
    cloud, one = browser.cloud, volume(browser)
    assert "number and the key" in read(browser, f"/volumes/{one}/offer", HTMX)
    assert post(browser, f"/volumes/{one}/offer").status == 200
    assert "Offered to another project" in read(browser, "/volumes")
    assert "Take data back?" in read(browser, f"/volumes/{one}/take-back", HTMX)
    assert post(browser, f"/volumes/{one}/take-back").status == 204
    assert post(browser, f"/volumes/{one}/take-back").status == 404
    assert volumes(browser)[0].status == "available"
    shown = post(browser, f"/volumes/{one}/offer").body.decode()
    number, key = re.findall(r"<code>([^<]+)</code>", shown)
    stranger = other_project(cloud)
    transfers.accept(cloud.house, stranger, number, key)
    assert volumes(browser)[0].project_id == stranger.actor.project_id


def test_a_volume_of_another_project_is_accepted(browser: Browser) -> None:
    cloud = browser.cloud
    stranger = other_project(cloud)
    theirs = making.create(cloud.house, stranger, VolumeWish(name="theirs", size_gib=1)).volume.id
    cloud.settle()
    offered = transfers.offer(cloud.house, stranger, VolumeId(theirs), "")
    number = offered.transfer.id
    assert "Accept a volume" in read(browser, "/volume-transfers/accept", HTMX)
    assert post(browser, "/volume-transfers/accept", number=number, key="wrong").status == 403
    assert post(browser, "/volume-transfers/accept", number="none", key="wrong").status == 404
    assert post(browser, "/volume-transfers/accept", number=number, key=offered.key).status == 204
    assert "theirs" in read(browser, "/volumes")


def test_an_instance_shows_its_volumes(browser: Browser) -> None:
    cloud, one, instance = browser.cloud, volume(browser), server(browser)
    assert "None is attached." in read(browser, f"/instances/{instance}")
    attaching.attach(cloud.house, cloud.call(), instance, AttachWish(volume_id=one))
    cloud.settle()
    page = read(browser, f"/instances/{instance}")
    assert "/dev/vdb" in page
    assert ">data<" in re.sub(r"</?bdi[^>]*>", "", page)
