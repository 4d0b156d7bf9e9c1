"""Pages of floating IPs: allocate, lead to an interface, lead nowhere, release."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.networks import reading
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.nic_doors import create_nics
from kumoi.app.networks.nics import NicWish
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, PublicView, PublicWish, create_public_address
from kumoi.app.networks.subnets import SubnetWish, create_subnets
from kumoi.app.quotas import set_quota
from kumoi.core.ids import NetworkId
from kumoi.core.nics import Nic
from kumoi.core.query import Query, eq


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def network(browser: Browser, name: str) -> NetworkId:
    query = Query(filters=(eq("name", name),))
    return browser.cloud.store.read(lambda tx: tx.networks.find(query))[0].id


def nic_on(browser: Browser, network_id: NetworkId) -> Nic:
    return create_nics(browser.cloud.house, browser.cloud.call(), (NicWish(network_id=network_id, name="door"),))[0].nic


def held(browser: Browser) -> list[PublicView]:
    return reading.find_here(browser.cloud.house, browser.cloud.call(), PUBLIC_ADDRESSES, Query())


def test_an_empty_list_teaches_and_offers_the_first(browser: Browser) -> None:
    page = read(browser, "/floating-ips")
    assert "To be reached from outside, one needs a floating IP." in page
    assert 'hx-get="/floating-ips/new"' in page


def test_an_address_is_allocated_led_and_released(browser: Browser) -> None:
    nic = nic_on(browser, network(browser, "private"))
    assert post(browser, "/floating-ips", network=network(browser, "public"), description="www").status == 204
    public = held(browser)[0].public
    target = f"{nic.id}/{nic.fixed_ips[0].address}"
    assert target in read(browser, f"/floating-ips/{public.id}/associate", HTMX)
    assert post(browser, f"/floating-ips/{public.id}/associate", target=target).status == 204
    page = read(browser, "/floating-ips")
    assert public.address in page
    assert nic.fixed_ips[0].address in page
    assert "1 of 50" in page
    assert post(browser, f"/floating-ips/{public.id}/disassociate").status == 204
    assert held(browser)[0].nic is None
    assert post(browser, f"/floating-ips/{public.id}/release").status == 204
    assert held(browser) == []


def test_where_no_router_leads_is_greyed_and_refused_at_its_field(browser: Browser) -> None:
    house, mine = browser.cloud.house, browser.cloud.call()
    lonely = create_networks(house, mine, (NetworkWish(name="lonely"),))[0].network.id
    create_subnets(house, mine, (SubnetWish(network_id=lonely, cidr="10.7.0.0/24"),))
    nic = nic_on(browser, lonely)
    target = f"{nic.id}/{nic.fixed_ips[0].address}"
    public = create_public_address(house, mine, PublicWish()).public
    form = read(browser, f"/floating-ips/{public.id}/associate", HTMX)
    assert f'value="{target}" disabled' in form
    answer = post(browser, f"/floating-ips/{public.id}/associate", target=target)
    assert answer.status == 404
    assert "route from the external network" in answer.body.decode()
    nothing = post(browser, f"/floating-ips/{public.id}/associate", target="")
    assert nothing.status == 422
    assert 'id="target-error"' in nothing.body.decode()


def test_a_full_quota_greys_allocating(browser: Browser) -> None:
    set_quota(browser.cloud.house, browser.cloud.call(admin=True), browser.cloud.project, {"public_addresses": 0})
    assert "The quota is used up: 0 of 0." in read(browser, "/floating-ips")
    assert post(browser, "/floating-ips").status == 403


def test_another_projects_address_is_not_there(browser: Browser) -> None:
    theirs = create_public_address(
        browser.cloud.house, other_project(browser.cloud), PublicWish(network_id=network(browser, "public"))
    ).public
    assert theirs.address not in read(browser, "/floating-ips")
    for verb in ("associate", "disassociate", "release"):
        assert browser.ask("GET", f"/floating-ips/{theirs.id}/{verb}").status == 404
        assert post(browser, f"/floating-ips/{theirs.id}/{verb}", target="x/1").status == 404
