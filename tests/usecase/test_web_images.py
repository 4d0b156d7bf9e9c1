"""Images in the dashboard: registered by a form, filled by the browser, and refused in a sentence."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.test_web import HTML, Browser
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.images import doors, members
from kumoi.core.call import Actor, Call
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.images import Image, Visibility

QCOW2 = b"QFI\xfb" + b"\0" * 600


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def register(browser: Browser, name: str = "disk", disk_format: str = "raw", visibility: str = "private") -> str:
    answer = post(browser, "/images/upload", name=name, disk_format=disk_format, visibility=visibility)
    assert answer.status == 201, answer.body
    address: str = json.loads(answer.body)["file"]
    return address


def send(browser: Browser, address: str, data: bytes, *more: tuple[str, str]) -> Answer:
    headers = [HTML, HTMX, ("content-type", "application/octet-stream"), ("x-csrf-token", browser.token()), *more]
    headers.append(("cookie", "; ".join(f"{k}={v}" for k, v in browser.cookies.items())))
    return browser.runner.run(call(browser.app, "PUT", address, headers, data))


def said(answer: Answer) -> str:
    text: str = json.loads(str(answer.header("hx-trigger")))["toast"]["text"]
    return text


def of_another(browser: Browser, *visibilities: Visibility) -> list[str]:
    """Images of a project that the browser's user has nothing to do with."""
    cloud, theirs = browser.cloud, other_project(browser.cloud)
    wishes = [
        Image(id=ImageId(cloud.chance.uuid()), project_id=ProjectId(""), name="theirs", visibility=one)
        for one in visibilities
    ]
    return [doors.create(cloud.house, theirs, wish).id for wish in wishes]


def test_a_file_is_registered_sent_and_ready(browser: Browser) -> None:
    address = register(browser, "my disk")
    assert "Waits for its data" in read(browser, "/images")
    answer = send(browser, address, b"\1" * 4096)
    assert answer.status == 204
    assert said(answer) == "my disk is ready."
    shown = read(browser, address.removesuffix("/file"))
    assert ">Ready<" in shown
    assert "4 KiB" in shown
    assert re.search(r"ami-[0-9a-f]{17}", shown)


def test_what_is_refused_is_said_in_the_readers_language_and_nothing_is_kept(browser: Browser) -> None:
    address = register(browser)
    answer = send(browser, address, QCOW2, ("accept-language", "ja"))
    assert answer.status == 400
    assert re.search("[\u3040-\u30ff]", said(answer))
    assert "qcow2" in said(answer)
    shown = read(browser, "/images")
    assert "Waits for its data" in shown
    assert post(browser, address.replace("/file", "/delete")).header("hx-redirect") == "/images"
    assert address.split("/")[2] not in read(browser, "/images")


def test_a_file_needs_the_pages_token(browser: Browser) -> None:
    headers = [HTML, ("content-type", "application/octet-stream")]
    headers.append(("cookie", "; ".join(f"{k}={v}" for k, v in browser.cookies.items())))
    answer = browser.runner.run(call(browser.app, "PUT", register(browser), headers, b"\1"))
    assert answer.status == 403


def test_only_who_may_publish_is_offered_it_and_the_role_is_told(browser: Browser) -> None:
    form = read(browser, "/images/upload", HTMX)
    assert 'value="public"' not in form
    assert "Public needs the role admin." in form
    answer = post(browser, "/images/upload", name="x", disk_format="raw", visibility="public")
    assert answer.status == 403
    browser.cookies = {}
    browser.sign_in("admin", "a")
    assert 'value="public"' in read(browser, "/images/upload", HTMX)


def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(browser: Browser) -> None:
    answer = post(browser, "/images/upload", name="keep me", disk_format="raw", visibility="private", min_ram="many")
    assert answer.status == 422
    form = answer.body.decode()
    assert 'id="min_ram-error"' in form
    assert 'value="keep me"' in form
    assert '<details class="fold" open>' in form


def test_an_image_is_changed_and_protected_from_deletion(browser: Browser) -> None:
    place = register(browser).removesuffix("/file")
    fields = {"name": "renamed", "visibility": "shared", "tags": "blue,  green, blue", "protected": "yes"}
    assert post(browser, f"{place}/edit", **fields).status == 204
    shown = read(browser, place)
    assert all(word in shown for word in ("renamed", "Shared", ">blue<", ">green<"))
    assert "It is protected" in read(browser, f"{place}/delete", HTMX)
    assert post(browser, f"{place}/delete").status == 403
    assert 'value="blue, green"' in read(browser, f"{place}/edit", HTMX)


def test_anothers_image_is_not_there_or_only_to_be_looked_at(browser: Browser) -> None:
    private, public = of_another(browser, "private", "community")
    for path in ("", "/edit", "/delete"):
        assert browser.ask("GET", f"/images/{private}{path}").status == 404
    assert post(browser, f"/images/{private}/delete").status == 404
    assert send(browser, f"/images/{private}/file", b"\1").status == 404
    assert "It belongs to another project." in read(browser, f"/images/{public}")
    assert post(browser, f"/images/{public}/edit", name="x", visibility="private").status == 403
    assert public not in read(browser, "/images")
    assert public in read(browser, "/images?visibility=community")


def test_images_are_sorted_and_filtered(browser: Browser) -> None:
    small, large, empty = register(browser, "small"), register(browser, "large"), register(browser, "empty")
    for address, size in ((small, 512), (large, 8192)):
        assert send(browser, address, b"\1" * size).status == 204
    shown = read(browser, "/images?sort=-size_bytes&status=active&q=l")
    assert shown.index(">large<") < shown.index(">small<")
    assert empty not in shown
    assert "2 found" in shown


def test_a_name_is_only_ever_text(browser: Browser) -> None:
    name = '"><script>alert(1)</script>\u202e'
    place = register(browser, name).removesuffix("/file")
    for shown in (read(browser, "/images"), read(browser, place), read(browser, f"{place}/delete", HTMX)):
        assert "<script>alert" not in shown


def test_an_image_is_offered_taken_back_and_answered(browser: Browser) -> None:
    address = register(browser, visibility="shared")
    image = address.split("/")[2]
    assert send(browser, address, b"\0" * 512).status == 204
    (other,) = of_another(browser, "shared")
    theirs, mine = project_of(browser, other), browser.cloud.call().project_id
    assert theirs in post(browser, f"/images/{image}/share", project=theirs).body.decode()
    assert post(browser, f"/images/{image}/share", project=theirs).status == 409
    assert theirs not in post(browser, f"/images/{image}/share/take", project=theirs).body.decode()
    named = post(browser, f"/images/{image}/share", project="demo").body.decode()
    assert "<bdi>demo</bdi>" in named
    assert mine in named
    actor = Actor(user_id="o", user_name="o", project_id=theirs, roles=frozenset({"member"}))
    owner = Call(actor=actor, request_id="req-o", now=browser.cloud.clock.now())
    members.add(browser.cloud.house, owner, ImageId(other), mine)
    assert "offers you this image" in read(browser, f"/images/{other}")
    assert post(browser, f"/images/{other}/offer", answer="accepted").status == 204
    assert members.get(browser.cloud.house, owner, ImageId(other), mine).status == "accepted"
    assert f"image-{other}" in read(browser, "/images")


def project_of(browser: Browser, image: str) -> ProjectId:
    found = browser.cloud.store.read(lambda tx: tx.images.get(ImageId(image)))
    assert found is not None
    return found.project_id


def test_an_image_is_switched_off_and_has_properties(browser: Browser) -> None:
    address = register(browser)
    image = address.split("/")[2]
    assert "Only a ready image" in read(browser, f"/images/{image}")
    assert send(browser, address, b"\0" * 512).status == 204
    assert post(browser, f"/images/{image}/switch", on="no").status == 204
    assert "Switched off" in read(browser, f"/images/{image}")
    assert post(browser, f"/images/{image}/switch", on="yes").status == 204
    assert post(browser, f"/images/{image}/properties", properties="os_distro=debian\n\nx = y").status == 204
    found = browser.cloud.store.read(lambda tx: tx.images.get(ImageId(image)))
    assert found is not None
    assert found.properties == {"os_distro": "debian", "x": "y"}
    assert post(browser, f"/images/{image}/properties", properties="nonsense").status == 422
