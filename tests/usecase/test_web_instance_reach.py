"""An instance's page gives it a floating IP, or says what stands in the way."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.instances import run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks import reading
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, PublicView, PublicWish, create_public_address
from kumoi.app.networks.subnets import SubnetWish, create_subnets
from kumoi.app.networks.vpcs import VpcChange, update_vpc
from kumoi.app.quotas import set_quota
from kumoi.core.ids import FlavorId, NetworkId
from kumoi.core.query import Query, eq


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def launch(browser: Browser, *networks: NetworkId) -> str:
    """The path of its page."""
    nics = tuple(NicChoice(network_id=n) for n in networks) if networks else None
    wish = RunWish(name="web", flavor_id=FlavorId("1"), image_id=browser.cloud.image(), nics=nics)
    made = run.run(browser.cloud.house, browser.cloud.call(), wish)[0]
    browser.cloud.settle()
    return f"/instances/{made.id}"


def held(browser: Browser) -> list[PublicView]:
    return reading.find_here(browser.cloud.house, browser.cloud.call(), PUBLIC_ADDRESSES, Query())


def choices(form: str, name: str) -> list[str]:
    """The values that a select offers."""
    found = re.search(rf'<select id="{name}".*?</select>', form, re.DOTALL)
    return re.findall(r'value="([^"]+)"', found[0]) if found else []


def test_a_new_address_is_given_and_taken_on_the_page(browser: Browser) -> None:
    page = launch(browser)
    assert f'hx-get="{page}/floating-ip"' in read(browser, page)
    form = read(browser, f"{page}/floating-ip", HTMX)
    answer = post(browser, f"{page}/floating-ip", **{"from": choices(form, "from")[0], "to": choices(form, "to")[0]})
    assert answer.status == 204
    public = held(browser)[0].public
    assert public.fixed_address
    shown = read(browser, page)
    assert public.address in shown
    assert f"/floating-ips/{public.id}/disassociate" in shown
    assert "has a floating IP already" in shown  # and the button is greyed
    assert "has a floating IP already" in read(browser, f"{page}/floating-ip", HTMX)
    assert post(browser, f"/floating-ips/{public.id}/disassociate").status == 204
    assert public.address not in read(browser, page)


def test_ones_own_free_address_is_offered_first(browser: Browser) -> None:
    page = launch(browser)
    own = create_public_address(browser.cloud.house, browser.cloud.call(), PublicWish()).public
    form = read(browser, f"{page}/floating-ip", HTMX)
    assert choices(form, "from")[0] == f"own/{own.id}"
    fields = {"from": f"own/{own.id}", "to": choices(form, "to")[0]}
    assert post(browser, f"{page}/floating-ip", **fields).status == 204
    assert [v.public.id for v in held(browser) if v.public.nic_id] == [own.id]


def test_what_was_taken_meanwhile_is_told_in_the_form(browser: Browser) -> None:
    page = launch(browser)
    form = read(browser, f"{page}/floating-ip", HTMX)
    fields = {"from": choices(form, "from")[0], "to": choices(form, "to")[0]}
    assert post(browser, f"{page}/floating-ip", **fields).status == 204
    again = post(browser, f"{page}/floating-ip", **fields)
    assert again.status == 409
    assert "has a floating IP already" in again.body.decode()
    assert len(held(browser)) == 1


def test_a_network_without_a_router_is_named_with_what_helps(browser: Browser) -> None:
    house, mine = browser.cloud.house, browser.cloud.call()
    lonely = create_networks(house, mine, (NetworkWish(name="lonely"),))[0].network.id
    create_subnets(house, mine, (SubnetWish(network_id=lonely, cidr="10.7.0.0/24"),))
    form = read(browser, f"{launch(browser, lonely)}/floating-ip", HTMX)
    assert "No router leads from lonely" in form
    assert 'href="/routers"' in form
    assert 'type="submit"' not in form


def test_a_router_without_a_gateway_is_named_with_what_helps(browser: Browser) -> None:
    house, mine = browser.cloud.house, browser.cloud.call()
    router = house.store.read(lambda tx: tx.vpcs.find(Query(filters=(eq("project_id", mine.project_id),))))[0]
    update_vpc(house, mine, router.id, VpcChange(gateway=None))
    form = read(browser, f"{launch(browser)}/floating-ip", HTMX)
    assert f"Router {router.name} has no gateway" in form
    assert f'href="/routers/{router.id}"' in form


def test_a_full_quota_is_said_before_it_is_asked_for(browser: Browser) -> None:
    page = launch(browser)
    set_quota(browser.cloud.house, browser.cloud.call(admin=True), browser.cloud.project, {"public_addresses": 0})
    assert "0 of 0" in read(browser, f"{page}/floating-ip", HTMX)


def test_without_an_address_there_is_nothing_to_lead_to(browser: Browser) -> None:
    house, mine = browser.cloud.house, browser.cloud.call()
    bare = create_networks(house, mine, (NetworkWish(name="bare"),))[0].network.id
    assert "no IPv4 address" in read(browser, f"{launch(browser, bare)}/floating-ip", HTMX)


def test_another_projects_instance_is_not_there(browser: Browser) -> None:
    other = other_project(browser.cloud)
    wish = RunWish(name="theirs", flavor_id=FlavorId("1"), image_id=browser.cloud.image(), nics=())
    theirs = run.run(browser.cloud.house, other, wish)[0]
    assert browser.ask("GET", f"/instances/{theirs.id}/floating-ip", HTMX).status == 404
    assert post(browser, f"/instances/{theirs.id}/floating-ip", **{"from": "own/x", "to": "x/y"}).status == 404
