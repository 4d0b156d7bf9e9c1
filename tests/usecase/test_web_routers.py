"""Pages of routers: make one, its way out, what it joins, its routes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, other_project, post, read

from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS, NetworkWish, create_networks
from kumoi.app.networks.subnets import SubnetWish, create_subnets
from kumoi.app.networks.vpcs import VPCS, VpcView, VpcWish, create_vpc, interfaces
from kumoi.app.quotas import set_quota
from kumoi.core.ids import NetworkId, SubnetId, VpcId
from kumoi.core.query import Query, eq


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def outer(browser: Browser) -> NetworkId:
    query = Query(filters=(eq("external", value=True),))
    return reading.find_here(browser.cloud.house, browser.cloud.call(), NETWORKS, query)[0].network.id


def subnet(browser: Browser, cidr: str) -> SubnetId:
    house, mine = browser.cloud.house, browser.cloud.call()
    network = create_networks(house, mine, (NetworkWish(name="front"),))[0].network.id
    return create_subnets(house, mine, (SubnetWish(network_id=network, cidr=cidr),))[0].subnet.id


def router(browser: Browser) -> VpcId:
    return create_vpc(browser.cloud.house, browser.cloud.call(), VpcWish(name="two")).vpc.id


def view(browser: Browser, vpc_id: VpcId) -> VpcView:
    return reading.show(browser.cloud.house, browser.cloud.call(), VPCS, vpc_id)


def test_a_router_is_made_with_its_way_out(browser: Browser) -> None:
    answer = post(browser, "/routers", name="two", network=outer(browser))
    target = str(answer.header("hx-redirect"))
    page = read(browser, target)
    assert "Address outside" in page
    assert ">public<" in page
    assert post(browser, f"{target}/gateway/clear").status == 204
    assert "Set a gateway, so that" in read(browser, target)
    assert post(browser, f"{target}/gateway", network=outer(browser)).status == 204


def test_interfaces_come_and_go(browser: Browser) -> None:
    vpc_id, subnet_id = router(browser), subnet(browser, "10.5.0.0/24")
    assert subnet_id in read(browser, f"/routers/{vpc_id}/interfaces/new", HTMX)
    assert post(browser, f"/routers/{vpc_id}/interfaces", subnet=subnet_id).status == 204
    assert "10.5.0.0/24" in read(browser, f"/routers/{vpc_id}")
    assert "It still joins front." in read(browser, f"/routers/{vpc_id}/delete", HTMX)
    assert post(browser, f"/routers/{vpc_id}/delete").status == 409
    nic = browser.cloud.store.read(lambda tx: interfaces(tx, vpc_id))[0]
    assert post(browser, f"/routers/{vpc_id}/interfaces/{nic.id}/delete").status == 204
    assert post(browser, f"/routers/{vpc_id}/delete").header("hx-redirect") == "/routers"


def test_a_refused_interface_is_said_at_its_field(browser: Browser) -> None:
    vpc_id, subnet_id = router(browser), subnet(browser, "10.5.0.0/24")
    assert post(browser, f"/routers/{vpc_id}/interfaces", subnet=subnet_id).status == 204
    again = post(browser, f"/routers/{vpc_id}/interfaces", subnet=subnet_id)
    assert again.status == 422
    assert 'id="subnet-error"' in again.body.decode()
    assert 'id="subnet-error"' in post(browser, f"/routers/{vpc_id}/interfaces", subnet="").body.decode()


def test_routes_come_and_go(browser: Browser) -> None:
    vpc_id, subnet_id = router(browser), subnet(browser, "10.5.0.0/24")
    post(browser, f"/routers/{vpc_id}/interfaces", subnet=subnet_id)
    astray = post(browser, f"/routers/{vpc_id}/routes", destination="10.9.0.0/16", nexthop="10.99.0.1")
    assert astray.status == 422
    assert "is on no subnet of the router" in astray.body.decode()
    route = {"destination": "10.9.0.0/16", "nexthop": "10.5.0.9"}
    assert post(browser, f"/routers/{vpc_id}/routes", **route).status == 204
    assert "10.9.0.0/16" in read(browser, f"/routers/{vpc_id}")
    question = read(browser, f"/routers/{vpc_id}/routes/delete?{urlencode(route)}", HTMX)
    assert 'name="nexthop" value="10.5.0.9"' in question
    assert post(browser, f"/routers/{vpc_id}/routes/delete", **route).status == 204
    assert view(browser, vpc_id).vpc.routes == ()


def test_a_full_quota_greys_and_refuses(browser: Browser) -> None:
    set_quota(browser.cloud.house, browser.cloud.call(admin=True), browser.cloud.project, {"vpcs": 1})
    assert "The quota is used up: 1 of 1." in read(browser, "/routers")
    assert post(browser, "/routers", name="two").status == 403


def test_another_projects_router_is_not_there(browser: Browser) -> None:
    theirs = create_vpc(browser.cloud.house, other_project(browser.cloud), VpcWish(name="theirs")).vpc.id
    assert "theirs" not in read(browser, "/routers")
    for path in ("", "/edit", "/gateway", "/delete", "/interfaces/new", "/routes/new"):
        assert browser.ask("GET", f"/routers/{theirs}{path}").status == 404
    for path in ("/gateway/clear", "/delete"):
        assert post(browser, f"/routers/{theirs}{path}").status == 404
