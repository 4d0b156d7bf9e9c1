"""Many deleted at once: each by itself, and told for each what became of it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, other_project, read

from kumoi.app.networks import public_addresses, reading, security_groups, vpcs
from kumoi.app.networks.networks import NETWORKS, NetworkWish, create_networks
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, PublicWish
from kumoi.app.networks.security_groups import GROUPS, GroupWish
from kumoi.app.networks.vpcs import VPCS, VpcWish
from kumoi.core.query import Query, eq


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def delete(browser: Browser, path: str, *ids: str) -> str:
    body = urlencode({"csrf": browser.token(), "ids": ids}, doseq=True).encode()
    answer = browser.ask("POST", f"{path}/delete", HTMX, body=body)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def test_what_is_free_goes_and_what_is_used_stays_and_is_told_why(browser: Browser) -> None:
    house, call = browser.cloud.house, browser.cloud.call()
    free = [v.network.id for v in create_networks(house, call, (NetworkWish(name="a"), NetworkWish(name="b")))]
    query = Query(filters=(eq("external", value=False),))
    (used,) = {v.network.id for v in reading.find_here(house, call, NETWORKS, query)} - set(free)
    asked = read(browser, "/networks/delete?" + urlencode({"ids": [*free, used]}, doseq=True), HTMX)
    assert "Delete 3 networks?" in asked
    told = delete(browser, "/networks", *free, used)
    assert (told.count("good-mark"), told.count("bad-mark")) == (2, 1)
    left = {v.network.id for v in reading.find_here(house, call, NETWORKS, query)}
    assert left == {used}


def test_routers_groups_and_floating_ips_too(browser: Browser) -> None:
    house, call = browser.cloud.house, browser.cloud.call()
    router = vpcs.create_vpc(house, call, VpcWish(name="r")).vpc.id
    group = security_groups.create_groups(house, call, (GroupWish(name="g"),))[0].group.id
    public = public_addresses.create_public_address(house, call, PublicWish()).public.id
    for path, one in (("/routers", router), ("/security-groups", group), ("/floating-ips", public)):
        assert f'id="pick-{one}"' in read(browser, path)
        assert one in read(browser, f"{path}/delete?ids={one}", HTMX)
        assert "good-mark" in delete(browser, path, one)
    left = [
        *(v.vpc.id for v in reading.find_here(house, call, VPCS, Query())),
        *(v.group.id for v in reading.find_here(house, call, GROUPS, Query())),
        *(v.public.id for v in reading.find_here(house, call, PUBLIC_ADDRESSES, Query())),
    ]
    assert not {router, group, public} & set(left)


def test_what_is_another_projects_is_neither_named_nor_deleted(browser: Browser) -> None:
    house, theirs = browser.cloud.house, other_project(browser.cloud)
    one = create_networks(house, theirs, (NetworkWish(name="secret"),))[0].network.id
    assert "secret" not in read(browser, f"/networks/delete?ids={one}", HTMX)
    told = delete(browser, "/networks", one)
    assert "bad-mark" in told
    assert "secret" not in told
    assert reading.show(house, theirs, NETWORKS, one).network.deleted_at is None
