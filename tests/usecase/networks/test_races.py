"""Many at once at a limit: what is one is given once, and nothing goes past its bound."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from tests.usecase.networks.conftest import PROJECTS, World

from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.nic_doors import create_nics
from kumoi.app.networks.nics import NicWish
from kumoi.app.networks.public_addresses import PublicWish, create_public_address
from kumoi.app.networks.security_groups import find_groups
from kumoi.app.networks.subnets import SubnetWish, create_subnets
from kumoi.app.networks.vpc_legs import LegWish, add_leg
from kumoi.app.networks.vpcs import VpcWish, create_vpc
from kumoi.core.errors import InUse, Invalid, KumoiError, NoAddress, QuotaExceeded, Taken
from kumoi.core.ids import NetworkId, ProjectId
from kumoi.core.networks import Network
from kumoi.core.query import Query, eq
from kumoi.core.quotas import project_scope

THREADS = 8  # of one process: doors of others meet in the database as the store's own contract has them meet
TRIES = 4
T = TypeVar("T")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kumoi.db"
    found: str = request.getfixturevalue("fresh_postgres_url")
    return found


def race(door: Callable[[int], T]) -> tuple[list[T], list[KumoiError]]:
    """Every thread tries some times, all from one starting line: what was made, and what was refused."""
    start = threading.Barrier(THREADS)

    def run(thread: int) -> tuple[list[T], list[KumoiError]]:
        made: list[T] = []
        refused: list[KumoiError] = []
        start.wait()
        for n in range(TRIES):
            try:
                made.append(door(thread * TRIES + n))
            except KumoiError as e:
                refused.append(e)
        return made, refused

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(run, range(THREADS)))
    return [m for made, _ in results for m in made], [r for _, refused in results for r in refused]


def network(world: World, cidr: str, *, external: bool = False) -> Network:
    who = world.call("admin" if external else "one")
    made = create_networks(world.house, who, (NetworkWish(external=external),))[0].network
    create_subnets(world.house, who, (SubnetWish(network_id=made.id, cidr=cidr, dhcp=False),))
    return made


def test_the_last_addresses_are_given_once(world: World) -> None:
    place = network(world, "10.0.0.0/28")
    made, refused = race(lambda _: create_nics(world.house, world.call(), (NicWish(network_id=place.id),))[0].nic)
    assert len(made) == 13
    assert len({n.fixed_ips[0].address for n in made}) == 13
    assert len({n.mark for n in made}) == len({n.mac for n in made}) == 13
    assert {type(e) for e in refused} == {NoAddress}


def test_the_last_public_addresses_are_given_once(world: World) -> None:
    outer = network(world, "203.0.113.0/29", external=True)
    made, refused = race(
        lambda _: create_public_address(world.house, world.call(), PublicWish(network_id=outer.id)).public.address
    )
    assert sorted(made) == [f"203.0.113.{n}" for n in range(2, 7)]
    assert {type(e) for e in refused} == {NoAddress}


def test_the_quota_is_never_passed(world: World) -> None:
    world.house.store.write(lambda tx: tx.counters.set_most(project_scope(ProjectId(PROJECTS["one"])), "networks", 10))
    made, refused = race(lambda _: create_networks(world.house, world.call(), (NetworkWish(),))[0].network.id)
    assert len(made) == len(set(made)) == 10
    assert {type(e) for e in refused} == {QuotaExceeded}
    counter = world.house.store.read(lambda tx: tx.counters.get(project_scope(ProjectId(PROJECTS["one"])), "networks"))
    assert counter is not None
    assert counter.used == 10


def test_overlapping_subnets_have_one_winner(world: World) -> None:
    place = create_networks(world.house, world.call(), (NetworkWish(),))[0].network.id

    def door(n: int) -> str:
        wish = SubnetWish(network_id=NetworkId(place), cidr=f"10.0.{n}.0/24" if n % 2 else "10.0.0.0/16")
        return create_subnets(world.house, world.call(), (wish,))[0].subnet.cidr

    made, refused = race(door)
    assert made.count("10.0.0.0/16") <= 1
    assert made.count("10.0.0.0/16") * (len(made) - 1) == 0
    assert {type(e) for e in refused} <= {Invalid}
    assert len(made) == len(set(made))


def test_a_router_has_one_leg_on_a_subnet(world: World) -> None:
    place = network(world, "10.0.0.0/24")
    subnet = world.house.store.read(lambda tx: tx.subnets.find(Query(filters=(eq("network_id", place.id),))))[0]
    vpc = create_vpc(world.house, world.call(), VpcWish()).vpc
    made, refused = race(lambda _: add_leg(world.house, world.call(), vpc.id, LegWish(subnet_id=subnet.id)).nic.id)
    assert len(made) == 1
    assert {type(e) for e in refused} <= {Invalid, Taken, InUse}


def test_a_project_gets_one_default_group(world: World) -> None:
    made, refused = race(lambda _: len(find_groups(world.house, world.call("two"), Query())))
    assert set(made) == {1}
    assert refused == []
