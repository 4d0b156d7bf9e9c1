"""The dashboard's pages: every page in both languages, names that would do harm, and what who may not is shown."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.usecase.test_web import Browser

from kumoi.app import keypairs
from kumoi.app.identity import people
from kumoi.app.instances import change, run
from kumoi.app.instances.wish import RunWish
from kumoi.core.ids import FlavorId, InstanceId, UserId
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import User

HX = ("hx-request", "true")
PAGES = ("/", "/instances", "/launch", "/images", "/keypairs", "/api-access", "/account")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% raise %}",
    "abc\u202etxt.exe\u2066",
    "雲居 🌩️ 👨‍👩‍👧",
    "x" * 255,
    "' OR 1=1 --",
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.cloud.settle()
        yield made
        made.close()


def boot(browser: Browser, *names: str) -> list[InstanceId]:
    image, call = browser.cloud.image(), browser.cloud.call()
    made = [
        run.run(browser.cloud.house, call, RunWish(name=n, flavor_id=FlavorId("1"), image_id=image))[0] for n in names
    ]
    browser.cloud.settle()
    return [one.id for one in made]


def post(browser: Browser, target: str, *more: tuple[str, str], **fields: str | list[str]) -> tuple[int, str, str]:
    """Status, page, and where it leads or the note that it shows."""
    body = urlencode({"csrf": browser.token(), **fields}, doseq=True).encode()
    answer = browser.ask("POST", target, *more, body=body)
    told = answer.header("location") or answer.header("hx-redirect") or answer.header("hx-trigger") or ""
    return answer.status, answer.body.decode(), told


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_is_there_in_both_languages(browser: Browser, language: str) -> None:
    browser.sign_in()
    (one,) = boot(browser, "one")
    for path in (*PAGES, f"/instances/{one}"):
        answer = browser.ask("GET", path, ("accept-language", language))
        page = answer.body.decode()
        assert answer.status == 200, path
        assert f'<html lang="{language}"' in page
        assert bool(re.search(r"[\u3040-\u30ff]", page)) == (language == "ja"), path


def test_names_that_would_do_harm_do_none(browser: Browser) -> None:
    browser.sign_in()
    ids = boot(browser, *HOSTILE)
    for number, name in enumerate(HOSTILE):
        keypairs.create(browser.cloud.house, browser.cloud.call(), name, None)
        change.put_labels(browser.cloud.house, browser.cloud.call(), ids[number], "metadata", {name: name}, whole=False)
    for path in ("/", "/instances", "/launch", "/keypairs", *(f"/instances/{i}" for i in ids)):
        answer = browser.ask("GET", path)
        page = answer.body.decode()
        assert answer.status == 200, path
        assert not re.search(r"<script>|<img src=x|\sonerror=alert\(1\)>[^&]*<|49\{%", page), path
        assert all(mark not in title for title in re.findall(r"<title>.*?</title>", page) for mark in "\u202e\u2066")
    page = browser.ask("GET", "/instances").body.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "雲居 🌩️ 👨‍👩‍👧" in page


def test_a_list_is_filtered_by_name_id_and_address(browser: Browser) -> None:
    browser.sign_in()
    ids = boot(browser, "alpha", "beta", "50%")

    def shown(query: str) -> set[str]:
        page = browser.ask("GET", f"/instances?{query}").body.decode()
        return {i for i in ids if f'id="row-{i}"' in page}

    assert shown("") == set(ids)
    assert shown("q=ALPHA") == {ids[0]}
    assert shown("q=%25") == {ids[2]}
    assert shown(f"q={ids[1][:8]}") == {ids[1]}
    nics = browser.cloud.store.read(lambda tx: tx.nics.find(Query()))
    address = next(n.fixed_ips[0].address for n in nics if n.instance_id == ids[1])
    assert shown(f"q={address}") == {ids[1]}
    assert shown("status=stopped") == set()
    assert shown("status=active&sort=name") == set(ids)


def test_a_live_region_is_fetched_alone(browser: Browser) -> None:
    browser.sign_in()
    boot(browser, "one")
    page = browser.ask("GET", "/instances", HX, ("hx-target", "div#table")).body.decode()
    assert page.lstrip().startswith('<div id="table"')
    assert "<html" not in page
    assert 'data-live="instance' in page


def test_many_are_acted_on_with_a_result_for_each(browser: Browser) -> None:
    browser.sign_in()
    ids = boot(browser, "one", "two", "locked")
    change.lock(browser.cloud.house, browser.cloud.call(), ids[2], locked=True)
    status, page, _ = post(browser, "/instances/act", HX, act="stop", ids=[*ids, "nothing"])
    assert status == 200
    assert page.count("good-mark") == 2
    assert page.count("bad-mark") == 2
    browser.cloud.settle()
    states = {i.name: i.status for i in browser.cloud.store.read(lambda tx: tx.instances.find(Query()))}
    assert states == {"one": "stopped", "two": "stopped", "locked": "active"}


def test_an_image_is_made_by_one_press_and_named_after_its_instance(browser: Browser) -> None:
    browser.sign_in()
    (one,) = boot(browser, "one")
    assert "Create image" in browser.ask("GET", f"/instances/{one}/menu", HX).body.decode()
    assert post(browser, f"/instances/{one}/create_image", HX)[0] < 400
    browser.cloud.settle()
    (made,) = browser.cloud.store.read(lambda tx: tx.images.find(Query(filters=(eq("copy_of", one),))))
    assert (made.status, made.name.startswith("one 20")) == ("active", True)
    assert made.name in browser.ask("GET", "/images").body.decode()


def test_launching_fits_or_says_why_before_anything_is_made(browser: Browser) -> None:
    browser.sign_in()
    image = browser.cloud.image()
    wish = {"name": "one", "image": str(image), "flavor": "1", "count": "1"}
    assert "It will fit." in post(browser, "/launch/fit", HX, **wish)[1]
    too_many = ({"count": "21"}, "quota of instances is exceeded")
    too_big = ({"flavor": "3", "count": "17"}, "No host has room")
    for more, why in (too_many, too_big):
        fit = post(browser, "/launch/fit", HX, **{**wish, **more})[1]
        status, page, _ = post(browser, "/launch", **{**wish, **more})
        assert why in fit
        assert why in page
        assert status in {403, 409}
    assert browser.cloud.store.read(lambda tx: tx.instances.count(Query())) == 0
    status, _, where = post(browser, "/launch", **wish)
    assert (status, where.startswith("/instances/")) == (303, True)


def test_a_wrong_field_is_told_at_the_field(browser: Browser) -> None:
    browser.sign_in()
    image = browser.cloud.image()
    status, page, _ = post(browser, "/launch", name="", image=str(image), flavor="1", count="x")
    assert status == 422
    assert 'id="count-error"' in page
    status, page, _ = post(browser, "/launch", name="", image=str(image), flavor="1", count="1")
    assert status == 422
    assert 'id="name-error"' in page


def test_a_reader_sees_what_it_may_not_do_and_why(browser: Browser) -> None:
    (one,) = boot(browser, "one")
    house, admin = browser.cloud.house, browser.cloud.call(admin=True)
    user = people.create_user(house, admin, User(id=UserId(""), name="looker", password_hash=""), "p")
    people.assign(house, admin, user.id, browser.cloud.project, "reader")
    browser.sign_in("looker", "p")
    for path in ("/", "/instances", "/keypairs", "/images", f"/instances/{one}"):
        page = browser.ask("GET", path).body.decode()
        assert "Needs the role member." in page, path
        assert 'aria-disabled="true"' in page, path
    assert post(browser, f"/instances/{one}/stop", HX)[0] == 403
    assert browser.ask("GET", "/launch").status == 403


def test_another_projects_things_are_not_there(browser: Browser) -> None:
    (one,) = boot(browser, "one")
    browser.sign_in("admin", "a")
    house, admin = browser.cloud.house, browser.cloud.call(admin=True)
    user = people.create_user(house, admin, User(id=UserId(""), name="else", password_hash=""), "p")
    other = next(p for p in people.projects(house, admin, Query()) if p.id != browser.cloud.project)
    people.assign(house, admin, user.id, other.id, "member")
    browser.cookies = {}
    browser.sign_in("else", "p")
    for path in (f"/instances/{one}", f"/instances/{one}/menu", f"/instances/{one}/edit"):
        assert browser.ask("GET", path).status == 404, path
    assert post(browser, f"/instances/{one}/stop", HX)[0] == 404


def test_language_and_theme_are_the_accounts(browser: Browser) -> None:
    browser.sign_in()
    assert post(browser, "/account/looks", locale="ja", theme="dark")[0] == 303
    page = browser.ask("GET", "/account", ("accept-language", "en")).body.decode()
    assert '<html lang="ja" data-theme="dark">' in page
    browser.cookies = {k: v for k, v in browser.cookies.items() if k != "kumoi"}
    assert '<html lang="ja" data-theme="dark">' in browser.ask("GET", "/sign-in").body.decode()
