"""Pages of networks: a useful one in one step, what is tried before it is sent, subnets, what hinders deleting."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS, NetworkView, NetworkWish, create_networks
from kumoi.app.networks.nic_doors import create_nics
from kumoi.app.networks.nics import NicWish
from kumoi.app.networks.subnets import SUBNETS, SubnetWish, create_subnets
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.quotas import set_quota
from kumoi.core.ids import NetworkId
from kumoi.core.query import Query, eq

WHOLE = {"with_subnet": "yes", "dhcp": "yes", "gateway": "auto"}


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def named(browser: Browser, name: str) -> list[NetworkView]:
    query = Query(filters=(eq("name", name),))
    return reading.find_here(browser.cloud.house, browser.cloud.call(), NETWORKS, query)


def router(browser: Browser) -> str:
    return reading.find_here(browser.cloud.house, browser.cloud.call(), VPCS, Query())[0].vpc.id


def network(browser: Browser, name: str, cidr: str) -> NetworkId:
    house, mine = browser.cloud.house, browser.cloud.call()
    made = create_networks(house, mine, (NetworkWish(name=name),))[0].network.id
    create_subnets(house, mine, (SubnetWish(network_id=made, cidr=cidr),))
    return made


def test_the_wizard_proposes_a_block_that_is_free(browser: Browser) -> None:
    form = read(browser, "/networks/new", HTMX)
    assert 'value="10.1.0.0/24"' in form  # 10.0.0.0/24 is the first network's


def test_one_dialog_makes_network_subnet_and_way_out(browser: Browser) -> None:
    answer = post(browser, "/networks", name="front", cidr="10.5.0.0/24", router=router(browser), **WHOLE)
    assert answer.status == 200
    page = read(browser, str(answer.header("hx-redirect")))
    assert "10.5.0.0/24" in page
    assert f'href="/routers/{router(browser)}"' in page


def test_what_cannot_be_whole_is_not_made_at_all(browser: Browser) -> None:
    answer = post(browser, "/networks", name="front", cidr="10.0.0.0/25", router=router(browser), **WHOLE)
    text = answer.body.decode()
    assert answer.status == 422
    assert 'id="router-error"' in text
    assert "overlaps 10.0.0.0/24" in text
    assert 'value="10.0.0.0/25"' in text
    assert named(browser, "front") == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"cidr": "nonsense"}, "cidr"),
        ({"cidr": "10.5.0.0/24", "gateway": "own", "gateway_address": "nowhere"}, "gateway_address"),
        ({"cidr": "10.5.0.0/24", "pools": "10.5.0.9"}, "pools"),
        ({"cidr": "10.5.0.0/24", "dns": "example"}, "dns"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(browser: Browser, fields: dict[str, str], field: str) -> None:
    answer = post(browser, "/networks", **{"name": "front", **WHOLE, **fields})
    assert answer.status == 422
    assert f'id="{field}-error"' in answer.body.decode()
    assert named(browser, "front") == []


def test_what_is_typed_is_tried_before_it_is_sent(browser: Browser) -> None:
    good = read(browser, "/networks/try?cidr=10.5.0.0/24&dhcp=yes&gateway=auto", HTMX)
    assert "253 addresses from 10.5.0.2 to 10.5.0.254; gateway 10.5.0.1." in good
    clash = read(browser, f"/networks/try?cidr=10.0.0.0/16&router={router(browser)}", HTMX)
    assert "The router already joins 10.0.0.0/24" in clash
    assert "is not a network in CIDR form" in read(browser, "/networks/try?cidr=ten", HTMX)


def test_subnets_come_and_go(browser: Browser) -> None:
    network_id = network(browser, "front", "10.5.0.0/24")
    assert post(browser, f"/networks/{network_id}/subnets", cidr="10.6.0.0/24", dhcp="yes").status == 204
    assert "10.6.0.0/24" in read(browser, f"/networks/{network_id}")
    overlapping = post(browser, f"/networks/{network_id}/subnets", cidr="10.6.0.0/25", dhcp="yes")
    assert 'id="cidr-error"' in overlapping.body.decode()
    query = Query(filters=(eq("cidr", "10.6.0.0/24"),))
    subnet = reading.find_here(browser.cloud.house, browser.cloud.call(), SUBNETS, query)[0].subnet
    assert post(browser, f"/networks/{network_id}/subnets/{subnet.id}/delete").status == 204
    assert "10.6.0.0/24" not in read(browser, f"/networks/{network_id}")


def test_what_hinders_deleting_is_named(browser: Browser) -> None:
    network_id = network(browser, "front", "10.5.0.0/24")
    create_nics(browser.cloud.house, browser.cloud.call(), (NicWish(network_id=network_id, name="the door"),))
    question = read(browser, f"/networks/{network_id}/delete", HTMX)
    assert "It is in use by the door." in question
    assert 'type="submit"' not in question
    assert post(browser, f"/networks/{network_id}/delete").status == 409


def test_an_unused_network_goes(browser: Browser) -> None:
    network_id = network(browser, "front", "10.5.0.0/24")
    assert post(browser, f"/networks/{network_id}/edit", name="back", description="d").status == 204
    assert post(browser, f"/networks/{network_id}/delete").header("hx-redirect") == "/networks"
    assert named(browser, "back") == []


def test_a_full_quota_greys_and_refuses(browser: Browser) -> None:
    set_quota(browser.cloud.house, browser.cloud.call(admin=True), browser.cloud.project, {"networks": 0})
    assert "The quota is used up" in read(browser, "/networks")
    assert post(browser, "/networks", name="front").status == 403


def test_another_projects_network_is_not_there_and_an_outer_one_is_not_ours(browser: Browser) -> None:
    theirs = create_networks(browser.cloud.house, other_project(browser.cloud), (NetworkWish(name="theirs"),))[0]
    assert "theirs" not in read(browser, "/networks")
    for path in ("", "/edit", "/delete", "/subnets/new"):
        assert browser.ask("GET", f"/networks/{theirs.network.id}{path}").status == 404
    assert post(browser, f"/networks/{theirs.network.id}/delete").status == 404


def test_a_subnet_is_changed(browser: Browser) -> None:
    made = network(browser, "n", "10.7.0.0/24")
    query = Query(filters=(eq("network_id", made),))
    view = reading.find_here(browser.cloud.house, browser.cloud.call(), SUBNETS, query)
    path = f"/networks/{made}/subnets/{view[0].subnet.id}/edit"
    assert "10.7.0.2 - 10.7.0.254" in read(browser, path, HTMX)
    wrong = post(browser, path, gateway_address="nonsense", dhcp="yes", pools="10.7.0.2 - 10.7.0.254")
    assert wrong.status == 422
    assert 'id="gateway_address-error"' in wrong.body.decode()
    assert "Invalid input for gateway" in wrong.body.decode()
    answer = post(browser, path, subnet_name="s", dns="192.0.2.53", pools="10.7.0.10 - 10.7.0.20")
    assert answer.status == 204
    found = reading.show(browser.cloud.house, browser.cloud.call(), SUBNETS, view[0].subnet.id).subnet
    assert (found.name, found.gateway, found.dhcp, found.dns_servers) == ("s", None, False, ("192.0.2.53",))
    assert [(p.start, p.end) for p in found.pools] == [("10.7.0.10", "10.7.0.20")]


def test_an_outer_network_is_greyed_with_the_role_it_needs(browser: Browser) -> None:
    form = read(browser, "/networks/new", HTMX)
    assert 'name="external" value="yes"' in form
    assert "Needs the role admin." in form
    assert post(browser, "/networks", name="out", external="yes").status == 403
    browser.sign_in("admin", "a")
    assert "Needs the role admin." not in read(browser, "/networks/new", HTMX)
