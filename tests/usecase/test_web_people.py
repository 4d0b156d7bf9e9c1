"""Administrators' pages of projects and users: changed, deleted with what is in the way named, roles taken back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, post, read

from kumoi.app.identity import people
from kumoi.app.identity.assignments import Wanted, find
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.core.call import Actor, Call
from kumoi.core.errors import NotFound
from kumoi.core.ids import ProjectId, UserId
from kumoi.core.tenancy import Project, User


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in("admin", "a")
        yield made
        made.close()


def project(browser: Browser, name: str) -> Project:
    cloud = browser.cloud
    return people.create_project(cloud.house, cloud.call(admin=True), Project(id=ProjectId(""), account="", name=name))


def user(browser: Browser, name: str) -> User:
    cloud, wish = browser.cloud, User(id=UserId(""), name=name, password_hash="")
    return people.create_user(cloud.house, cloud.call(admin=True), wish, "secret")


def inside(browser: Browser, where: Project) -> Call:
    actor = Actor(user_id="m", user_name="m", project_id=where.id, roles=frozenset({"member"}))
    return Call(actor=actor, request_id="req-m", now=browser.cloud.clock.now())


def test_a_project_is_changed(browser: Browser) -> None:
    blue = project(browser, "blue")
    assert 'value="blue"' in read(browser, f"/admin/projects/{blue.id}/edit", HTMX)
    assert post(browser, f"/admin/projects/{blue.id}/edit", name="sky", description="of the day").status == 204
    found = people.project(browser.cloud.house, browser.cloud.call(admin=True), blue.id)
    assert (found.name, found.description, found.enabled) == ("sky", "of the day", False)
    assert post(browser, f"/admin/projects/{blue.id}/edit", name="demo").status == 409


def test_what_is_in_a_project_is_named_before_it_is_deleted(browser: Browser) -> None:
    blue = project(browser, "blue")
    create_networks(browser.cloud.house, inside(browser, blue), (NetworkWish(name="n"),))
    asked = read(browser, f"/admin/projects/{blue.id}/delete", HTMX)
    assert "It still has Networks: 1." in asked
    assert 'type="submit"' not in asked
    assert post(browser, f"/admin/projects/{blue.id}/delete").status == 409
    green = project(browser, "green")
    assert 'type="submit"' in read(browser, f"/admin/projects/{green.id}/delete", HTMX)
    assert post(browser, f"/admin/projects/{green.id}/delete").status == 204
    with pytest.raises(NotFound):
        people.project(browser.cloud.house, browser.cloud.call(admin=True), green.id)


def test_a_user_is_changed_and_deleted_but_not_by_itself(browser: Browser) -> None:
    eve = user(browser, "eve")
    assert post(browser, f"/admin/users/{eve.id}/edit", name="eva", email="e@example.com").status == 204
    browser.sign_in("eva", "secret")  # an empty password changed none
    browser.sign_in("admin", "a")
    assert post(browser, f"/admin/users/{eve.id}/edit", name="eva", password="another").status == 204
    browser.sign_in("eva", "another")
    browser.sign_in("admin", "a")
    page = read(browser, "/admin/users?q=admin")
    me = page.partition('id="user-')[2].partition('"')[0]
    assert 'type="submit"' not in read(browser, f"/admin/users/{me}/delete", HTMX)
    assert post(browser, f"/admin/users/{eve.id}/delete").status == 204
    with pytest.raises(NotFound):
        people.user(browser.cloud.house, browser.cloud.call(admin=True), eve.id)


def test_a_role_is_taken_back(browser: Browser) -> None:
    house, admin = browser.cloud.house, browser.cloud.call(admin=True)
    eve, blue = user(browser, "eve"), project(browser, "blue")
    people.assign(house, admin, eve.id, blue.id, "member")
    people.assign(house, admin, eve.id, blue.id, "reader")
    assert "member in blue" in read(browser, f"/admin/users/{eve.id}/role", HTMX)
    left = post(browser, f"/admin/users/{eve.id}/role/take", project=blue.id, role="member").body.decode()
    assert "member in blue" not in left
    assert "reader in blue" in left
    assert [one.held.role for one in find(house, admin, Wanted(user_id=eve.id))] == ["reader"]
