"""The picture of a project's networks: everything of the project is in it and leads on, nothing of others is."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import other_project, read

from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS, NetworkWish, create_networks
from kumoi.app.networks.topology import topology
from kumoi.app.networks.vpcs import VPCS
from kumoi.core.ids import FlavorId
from kumoi.core.query import Query

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def test_everything_leads_to_its_page(browser: Browser) -> None:
    house, mine = browser.cloud.house, browser.cloud.call()
    browser.cloud.settle()
    wish = RunWish(name=HOSTILE, flavor_id=FlavorId("1"), image_id=browser.cloud.image())
    instance = run.run(house, mine, wish)[0]
    page = read(browser, "/topology")
    for view in reading.find_here(house, mine, NETWORKS, Query()):
        assert page.count(f'href="/networks/{view.network.id}"') >= 2  # in the picture and in the list
    for router in reading.find_here(house, mine, VPCS, Query()):
        assert page.count(f'href="/routers/{router.vpc.id}"') == 2
    assert page.count(f'href="/instances/{instance.id}"') == 2
    assert HOSTILE not in page


def test_what_is_too_much_to_draw_is_counted(browser: Browser) -> None:
    house, mine = browser.cloud.house, browser.cloud.call()
    browser.cloud.settle()
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=browser.cloud.image(), count_min=3, count_max=3)
    run.run(house, mine, wish)
    found = topology(house, mine, most=1)
    assert (len(found.instances), found.left_out) == (1, 2)


def test_nothing_of_another_project_is_drawn(browser: Browser) -> None:
    others = other_project(browser.cloud)
    create_networks(browser.cloud.house, others, (NetworkWish(name="theirs"),))
    assert "theirs" not in read(browser, "/topology")
    theirs = topology(browser.cloud.house, others, most=9)
    assert ([n.name for n in theirs.networks], theirs.vpcs, theirs.instances) == (["theirs"], (), ())
