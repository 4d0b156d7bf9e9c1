"""The dialogs that give an instance another size, or make it anew."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.test_web_instance_reach import choices
from tests.usecase.web_visits import HTMX, post, read

from kumoi.app.instances import read as reading
from kumoi.app.instances import run, shelve
from kumoi.app.instances.wish import RunWish
from kumoi.core.ids import FlavorId, InstanceId
from kumoi.core.instances import Instance


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def launch(browser: Browser) -> str:
    """The path of its page."""
    browser.cloud.settle()
    wish = RunWish(name="web", flavor_id=FlavorId("2"), image_id=browser.cloud.image())
    made = run.run(browser.cloud.house, browser.cloud.call(), wish)[0]
    browser.cloud.settle()
    return f"/instances/{made.id}"


def now(browser: Browser, page: str) -> Instance:
    browser.cloud.settle(90)
    call = browser.cloud.call()
    return reading.get(browser.cloud.house, call, InstanceId(page.rpartition("/")[2])).instance


def test_another_size_is_chosen_and_can_be_confirmed(browser: Browser) -> None:
    page = launch(browser)
    assert f'hx-get="{page}/resize"' in read(browser, page)
    offered = choices(read(browser, f"{page}/resize", HTMX), "to")
    assert "3" in offered
    assert "2" not in offered  # its own
    assert "1" not in offered  # its disk does not fit
    assert post(browser, f"{page}/resize", to="3").status == 204
    one = now(browser, page)
    assert (one.status, one.flavor_id) == ("resized", "3")
    assert post(browser, f"{page}/confirm_resize").status == 204
    assert now(browser, page).status == "active"


def test_a_rebuild_offers_the_present_image_and_says_what_is_lost(browser: Browser) -> None:
    page = launch(browser)
    before = now(browser, page)
    form = read(browser, f"{page}/rebuild", HTMX)
    assert "gone for good" in form
    assert f'value="{before.image_id}" selected' in form
    assert post(browser, f"{page}/rebuild", to=before.image_id).status == 204
    after = now(browser, page)
    assert (after.status, after.root_number) == ("active", before.root_number + 1)


def test_what_is_refused_is_told_in_the_dialog_and_greyed_in_the_menu(browser: Browser) -> None:
    page = launch(browser)
    wrong = post(browser, f"{page}/resize", to="nonsense")
    assert wrong.status == 422
    assert 'aria-invalid="true"' in wrong.body.decode()
    shelve.shelve(browser.cloud.house, browser.cloud.call(), InstanceId(page.rpartition("/")[2]))
    now(browser, page)
    assert f'hx-get="{page}/resize"' not in read(browser, page)
    assert post(browser, f"{page}/rebuild", to=now(browser, page).image_id).status == 409
