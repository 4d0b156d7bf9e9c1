"""The administrators' pages and an instance's charts: they show what is, to those who may, in both languages."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.test_web import Browser

from kumoi.app.hosts import overview
from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.app.quotas import quota
from kumoi.core.ids import FlavorId, ProjectId

HOSTILE = '<script>alert(1)</script>"\u202e'
ADMIN = (
    "/admin/hosts", "/admin/instances", "/admin/projects", "/admin/users", "/admin/flavors", "/admin/machinery",
    "/admin/events",
)  # fmt: skip


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.cloud.settle()
        yield made
        made.close()


def server(browser: Browser, name: str = "a") -> str:
    cloud = browser.cloud
    made = run.run(cloud.house, cloud.call(), RunWish(name=name, flavor_id=FlavorId("1"), image_id=cloud.image()))
    cloud.settle(120.0)
    return str(made[0].id)


def post(browser: Browser, target: str, **fields: str) -> Answer:
    return browser.ask("POST", target, ("x-csrf-token", browser.token()), body=urlencode(fields).encode())


def test_each_page_shows_and_escapes_in_both_languages(browser: Browser) -> None:
    server(browser, HOSTILE)
    browser.cloud.world.foreign.append("<b>stray</b>")
    browser.cloud.settle(30.0)
    browser.sign_in("admin", "a")
    for path in ADMIN:
        for language in ("en", "ja"):
            answer = browser.ask("GET", path, ("accept-language", language))
            page = answer.body.decode()
            assert answer.status == 200, path
            assert f'<html lang="{language}"' in page
            assert "<script>alert" not in page
            assert "<b>stray" not in page
    assert "&lt;script&gt;alert" in browser.ask("GET", "/admin/instances").body.decode()
    assert "&lt;b&gt;stray" in browser.ask("GET", "/admin/machinery").body.decode()


def test_every_dialog_opens(browser: Browser) -> None:
    browser.sign_in("admin", "a")
    projects, users = (browser.ask("GET", f"/admin/{kind}").body.decode() for kind in ("projects", "users"))
    project = projects.partition('id="project-')[2].partition('"')[0]
    user = users.partition('id="user-')[2].partition('"')[0]
    for path in (
        "/admin/projects/create", f"/admin/projects/{project}/quotas", "/admin/users/create",
        f"/admin/users/{user}/role", "/admin/flavors/create", "/admin/flavors/1/delete",
    ):  # fmt: skip
        answer = browser.ask("GET", path, ("hx-request", "true"), ("accept-language", "ja"))
        assert answer.status == 200, path
        assert 'id="dialog-title"' in answer.body.decode()


def test_a_member_sees_none_of_them_and_no_link_to_them(browser: Browser) -> None:
    browser.sign_in()
    assert 'href="/admin/' not in browser.ask("GET", "/").body.decode()
    # Events and flavors are everybody's to read: one's own.
    refused = [path for path in ADMIN if browser.ask("GET", path).status == 403]
    assert refused == [path for path in ADMIN if path not in {"/admin/events", "/admin/flavors"}]
    assert post(browser, "/admin/flavors/create", name="x").status == 403


def test_a_host_is_taken_out_of_the_choice_and_put_back(browser: Browser) -> None:
    browser.sign_in("admin", "a")
    cloud = browser.cloud
    (view,) = overview.find(cloud.house, cloud.call(admin=True))
    target = f"/admin/hosts/{view.host.id}"
    assert "one" in browser.ask("GET", target).body.decode()
    assert post(browser, f"{target}/switch", enabled="no", reason="new fans").status == 303
    (view,) = overview.find(cloud.house, cloud.call(admin=True))
    assert (view.host.enabled, view.host.disabled_reason) == (False, "new fans")
    assert "new fans" in browser.ask("GET", target).body.decode()
    assert post(browser, f"{target}/switch", enabled="yes").status == 303
    assert overview.find(cloud.house, cloud.call(admin=True))[0].host.enabled


def test_projects_users_and_quotas(browser: Browser) -> None:
    browser.sign_in("admin", "a")
    cloud = browser.cloud
    assert post(browser, "/admin/projects/create", name="blue").status == 303
    page = browser.ask("GET", "/admin/projects?q=blue").body.decode()
    found = re.search(r'id="project-([0-9a-f]+)"', page)
    assert found is not None
    project = found[1]
    assert post(browser, f"/admin/projects/{project}/quotas", instances="3", vcpus="-1").status == 303
    counters = quota(cloud.house, cloud.call(admin=True), ProjectId(project))
    assert (counters["instances"].most, counters["vcpus"].most) == (3, -1)
    assert post(browser, f"/admin/projects/{project}/quotas", instances="many").status == 422
    assert post(browser, "/admin/users/create", name="eve", password="secret").status == 303
    page = browser.ask("GET", "/admin/users?q=eve").body.decode()
    found = re.search(r'id="user-([0-9a-f]+)"', page)
    assert found is not None
    assert post(browser, f"/admin/users/{found[1]}/role", project=project, role="member").status == 303
    assert "member in blue" in browser.ask("GET", "/admin/users?q=eve").body.decode()
    assert post(browser, f"/admin/users/{found[1]}/switch", enabled="no").status == 303
    assert "Disabled" in browser.ask("GET", "/admin/users?q=eve").body.decode()


def test_a_form_that_is_wrong_comes_back_with_what_is_wrong(browser: Browser) -> None:
    browser.sign_in("admin", "a")
    taken = post(browser, "/admin/projects/create", name="demo")
    assert taken.status in {409, 422}
    assert "demo" in taken.body.decode()
    assert post(browser, "/admin/users/create", name="eve").status == 422
    assert post(browser, "/admin/flavors/create", name="huge", vcpus="lots").status == 422


def test_a_flavor_is_made_and_deleted(browser: Browser) -> None:
    browser.sign_in("admin", "a")
    assert post(browser, "/admin/flavors/create", name="x1.big", vcpus="8", memory_mib="16384").status == 303
    page = browser.ask("GET", "/admin/flavors?q=x1.big").body.decode()
    found = re.search(r'id="flavor-([^"]+)"', page)
    assert found is not None
    assert "16 GiB" in page
    assert post(browser, f"/admin/flavors/{found[1]}/delete").status == 303
    assert f'id="flavor-{found[1]}"' not in browser.ask("GET", "/admin/flavors").body.decode()


def test_charts_have_numbers_without_a_script(browser: Browser) -> None:
    one = server(browser)
    browser.sign_in()
    page = browser.ask("GET", f"/instances/{one}/metrics").body.decode()
    assert page.count('role="img" aria-label=') >= 4
    assert "128 MiB" in page
    told = browser.ask("GET", f"/instances/{one}/metrics/data?span=1h").json()
    assert [panel["key"] for panel in told["panels"]] == ["cpu", "memory", "disk", "network"]
    assert told["step"] == 10
    busy = [value for value in told["panels"][0]["curves"][0]["values"] if value is not None]
    assert busy
    assert all(0 <= value <= 100 for value in busy)
    assert browser.ask("GET", f"/instances/{one}/metrics/data?span=1y").json()["step"] == 3600


def test_the_charts_of_another_project_are_not_there(browser: Browser) -> None:
    one = server(browser)
    browser.sign_in("admin", "a")
    assert post(browser, "/admin/projects/create", name="blue").status == 303
    page = browser.ask("GET", "/admin/projects?q=blue").body.decode()
    project = page.partition('id="project-')[2].partition('"')[0]
    assert post(browser, "/admin/users/create", name="eve", password="secret").status == 303
    user = browser.ask("GET", "/admin/users?q=eve").body.decode().partition('id="user-')[2].partition('"')[0]
    assert post(browser, f"/admin/users/{user}/role", project=project, role="member").status == 303
    browser.cookies.clear()
    browser.sign_in("eve", "secret")
    assert browser.ask("GET", f"/instances/{one}/metrics").status == 404
    assert browser.ask("GET", f"/instances/{one}/metrics/data").status == 404


def test_events_are_narrowed_by_what_is_asked(browser: Browser) -> None:
    one = server(browser)
    browser.sign_in("admin", "a")
    page = browser.ask("GET", f"/admin/events?q={one}").body.decode()
    assert "instance.create" in page
    assert "network.create" not in page.partition('id="table"')[2]
    assert "network.create" in browser.ask("GET", "/admin/events?kind=network").body.decode()
    assert browser.ask("GET", "/admin/events?before=nonsense&kind=nonsense").status == 200
