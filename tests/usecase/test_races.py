"""Eight clients of two processes at one limit: nothing overshoots, what is one is given once, and all comes back."""

import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from msgspec.structs import replace
from tests.usecase.cloud import Cloud

from kumoi.adapters.sql.store import open_store
from kumoi.app import keypairs
from kumoi.app.house import House
from kumoi.app.instances import delete, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.networks import NetworkWish, create_networks, delete_network
from kumoi.app.networks.nic_doors import create_nics, delete_nic
from kumoi.app.networks.nics import NicWish
from kumoi.app.networks.public_addresses import PublicWish, create_public_address
from kumoi.app.networks.subnets import SubnetWish, create_subnets, delete_subnet
from kumoi.app.rooms import Rooms
from kumoi.contracts.store import Transaction
from kumoi.core.errors import InUse, KumoiError, NoAddress, NoCapacity, NotFound, QuotaExceeded, Stale, Taken
from kumoi.core.hosts import Host
from kumoi.core.ids import FlavorId, ImageId, NetworkId
from kumoi.core.instances import Instance
from kumoi.core.networks import Network
from kumoi.core.query import Query, alive, eq
from kumoi.core.quotas import UNLIMITED, Counter, host_scope, project_scope

CLIENTS = 8
TRIES = 3
FLAVOR = FlavorId("1")
T = TypeVar("T")
Door = Callable[[House, int], T]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kumoi.db"
    found: str = request.getfixturevalue("fresh_postgres_url")
    return found


class Race:
    """A cloud with one host, served by two processes: two stores, each with a writer of its own."""

    def __init__(self, cloud: Cloud, second: House) -> None:
        self.cloud = cloud
        self.houses = (cloud.house, second)
        cloud.settle()

    def run(self, door: Door[T], tries: int = TRIES) -> tuple[list[T], list[KumoiError]]:
        """What was made and what was refused; all start at once."""
        start = threading.Barrier(CLIENTS)

        def client(number: int) -> tuple[list[T], list[KumoiError]]:
            made: list[T] = []
            refused: list[KumoiError] = []
            start.wait()
            for n in range(tries):
                try:
                    made.append(door(self.houses[number % 2], number * tries + n))
                except KumoiError as e:
                    refused.append(e)
            return made, refused

        with ThreadPoolExecutor(CLIENTS) as pool:
            results = list(pool.map(client, range(CLIENTS)))
        return [m for made, _ in results for m in made], [r for _, refused in results for r in refused]

    def limit(self, resource: str, most: int) -> None:
        scope = project_scope(self.cloud.project)
        self.cloud.store.write(lambda tx: tx.counters.set_most(scope, resource, most))

    def read(self, fn: Callable[[Transaction], T]) -> T:
        return self.cloud.store.read(fn)

    def network(self, cidr: str, *, external: bool = False) -> Network:
        house, call = self.cloud.house, self.cloud.call(admin=external)
        made = create_networks(house, call, (NetworkWish(external=external),))[0].network
        create_subnets(house, call, (SubnetWish(network_id=made.id, cidr=cidr, dhcp=False),))
        return made

    def boot(self, house: House, name: str, image: ImageId, *nics: NicChoice) -> Instance:
        wish = RunWish(name=name, flavor_id=FLAVOR, image_id=image, nics=nics, refuse_full=True)
        return run.run(house, self.cloud.call(), wish)[0]

    def counters_are_sums(self) -> None:
        """Every counter is what its allocations sum up to, and none is past its bound."""
        for counter, total in self.read(_sums):
            assert counter.used == total, counter
            assert counter.most == UNLIMITED or counter.used <= counter.most, counter

    def used(self, *resources: str) -> dict[str, int]:
        """Of the project and of the hosts together."""
        found: Tally[str] = Tally()
        for counter, _ in self.read(_sums):
            if counter.resource in resources:
                found[counter.resource] += counter.used
        return dict(found)


def _sums(tx: Transaction) -> list[tuple[Counter, int]]:
    rows = (tx.instances, tx.nics, tx.networks, tx.subnets, tx.vpcs, tx.public_addresses, tx.key_pairs,
            tx.security_groups, tx.security_rules, tx.images)  # fmt: skip
    totals: Tally[tuple[str, str]] = Tally()
    for kind in rows:
        for row in kind.find(Query()):
            for a in tx.counters.allocations(row.id):
                totals[a.provider, a.resource] += a.amount
    counters = [*tx.counters.under("project/"), *tx.counters.under("host/")]
    return [(c, totals[c.scope, c.resource]) for c in counters]


@pytest.fixture
def race(url: str, tmp_path: Path) -> Iterator[Race]:
    with closing(Cloud(tmp_path, url)) as cloud, closing(open_store(url)) as second:
        yield Race(cloud, replace(cloud.house, store=second, rooms=Rooms(second)))


def test_the_quota_of_instances_is_never_passed_and_comes_back(race: Race) -> None:
    race.limit("instances", 5)
    image = race.cloud.image()
    made, refused = race.run(lambda house, n: race.boot(house, f"s{n}", image))
    assert len(made) == 5
    assert {type(e) for e in refused} == {QuotaExceeded}
    race.counters_are_sums()
    race.cloud.settle()
    done, unsure = race.run(lambda house, n: delete.delete(house, race.cloud.call(), made[n % 5].id, strict=False), 1)
    assert {d.id for d in done} == {m.id for m in made}
    assert {type(e) for e in unsure} <= {NotFound}
    race.cloud.settle(120)
    race.counters_are_sums()
    assert set(race.used("instances", "vcpus", "memory_mib", "disk_gib").values()) == {0}
    assert race.read(lambda tx: tx.placements.find(Query())) == []


def test_the_last_room_of_a_host_is_given_once(race: Race) -> None:
    host: Host = race.read(lambda tx: tx.hosts.find(Query()))[0]
    flavor = race.read(lambda tx: tx.flavors.get(FLAVOR))
    assert flavor is not None
    room = 7 * flavor.memory_mib
    race.cloud.store.write(lambda tx: tx.counters.set_most(host_scope(host.id), "memory_mib", room))
    image = race.cloud.image()
    made, refused = race.run(lambda house, n: race.boot(house, f"s{n}", image))
    assert len(made) == 7
    assert {type(e) for e in refused} == {NoCapacity}
    race.counters_are_sums()
    assert len(race.read(lambda tx: tx.placements.find(Query()))) == 7


def test_the_last_addresses_go_to_instances_whole_or_not_at_all(race: Race) -> None:
    place, image = race.network("10.9.0.0/29"), race.cloud.image()
    made, refused = race.run(lambda house, n: race.boot(house, f"s{n}", image, NicChoice(network_id=place.id)))
    assert len(made) == 5
    assert {type(e) for e in refused} == {NoAddress}
    nics = race.read(lambda tx: tx.nics.find(Query(filters=(eq("network_id", place.id),))))
    assert len({n.fixed_ips[0].address for n in nics}) == len(nics) == 5
    assert len(race.read(lambda tx: tx.instances.find(Query()))) == 5
    race.counters_are_sums()
    for one in made:
        delete.delete(race.cloud.house, race.cloud.call(), one.id)
    race.cloud.settle(120)
    assert race.read(lambda tx: tx.claims.with_prefix("address", f"{nics[0].fixed_ips[0].subnet_id}/")) == []
    assert race.used("instances", "nics") == {"instances": 0, "nics": _legs(race)}


def _legs(race: Race) -> int:
    """The nics that the project has from the beginning: its router's."""
    mine = (alive(), eq("project_id", race.cloud.project), eq("use", "vpc_interface"))
    return len(race.read(lambda tx: tx.nics.find(Query(filters=mine))))


def test_one_fixed_address_has_one_owner(race: Race) -> None:
    place = race.network("10.9.0.0/24")
    wish = NicWish(network_id=place.id, fixed_ips=(FixedWish(address="10.9.0.77"),))
    made, refused = race.run(lambda house, _: create_nics(house, race.cloud.call(), (wish,))[0].nic)
    assert len(made) == 1
    assert {type(e) for e in refused} == {Taken}
    race.counters_are_sums()


def test_one_public_address_has_one_owner(race: Race) -> None:
    outer = race.network("203.0.113.0/24", external=True)
    wish = PublicWish(network_id=outer.id, address="203.0.113.77")
    made, refused = race.run(lambda house, _: create_public_address(house, race.cloud.call(admin=True), wish).public)
    assert len(made) == 1
    assert {type(e) for e in refused} == {Taken}
    race.counters_are_sums()


def test_one_name_has_one_key_pair(race: Race) -> None:
    made, refused = race.run(lambda house, _: keypairs.create(house, race.cloud.call(), "same", None)[0])
    assert len(made) == 1
    assert {type(e) for e in refused} == {Taken}
    race.counters_are_sums()
    assert race.used("key_pairs") == {"key_pairs": 1}


def test_one_client_token_makes_one_instance(race: Race) -> None:
    call, image = replace(race.cloud.call(), idempotency_key="once"), race.cloud.image()
    wish = RunWish(name="a", flavor_id=FLAVOR, image_id=image, nics=())
    made, refused = race.run(lambda house, _: run.run(house, call, wish)[0].id)
    assert refused == []
    assert len(made) == CLIENTS * TRIES
    assert len(set(made)) == len(race.read(lambda tx: tx.instances.find(Query()))) == 1
    race.counters_are_sums()


def test_no_nic_outlives_its_network(race: Race) -> None:
    """The nic's door reads the network, the network's door reads the nics: neither writes what the other read."""
    places = [create_networks(race.cloud.house, race.cloud.call(), (NetworkWish(),))[0].network.id for _ in range(12)]

    def door(house: House, n: int) -> NetworkId:
        place = places[n // 2 % len(places)]
        if n % 2:
            delete_network(house, race.cloud.call(), place)
        else:
            create_nics(house, race.cloud.call(), (NicWish(network_id=place),))
        return place

    _, refused = race.run(door)
    assert {type(e) for e in refused} <= {InUse, NotFound, Stale}
    _orphans(race)
    race.counters_are_sums()


def test_no_nic_outlives_its_subnet(race: Race) -> None:
    place = race.network("10.9.0.0/24")
    subnet = race.read(lambda tx: tx.subnets.find(Query(filters=(eq("network_id", place.id),))))[0]

    def door(house: House, n: int) -> None:
        if n % TRIES:
            create_nics(house, race.cloud.call(), (NicWish(network_id=place.id),))
        else:
            delete_subnet(house, race.cloud.call(), subnet.id)

    _, refused = race.run(door)
    assert {type(e) for e in refused} <= {InUse, NotFound, Stale}
    if not race.read(lambda tx: tx.subnets.find(Query(filters=(eq("id", subnet.id), alive())))):
        nics = race.read(lambda tx: tx.nics.find(Query(filters=(eq("network_id", place.id), alive()))))
        assert [n for n in nics if n.fixed_ips] == []
    race.counters_are_sums()


def _orphans(race: Race) -> None:
    living = {n.id for n in race.read(lambda tx: tx.networks.find(Query(filters=(alive(),))))}
    nics = race.read(lambda tx: tx.nics.find(Query(filters=(alive(),))))
    assert [n.id for n in nics if n.network_id not in living] == []


def test_an_address_is_had_again_while_the_agent_is_stopped(race: Race) -> None:
    """Its last owner's host has not let go yet: an explicit wish on the same network takes it over."""
    place, image, house = race.network("10.9.0.0/24"), race.cloud.image(), race.cloud.house
    one = race.boot(house, "a", image, NicChoice(network_id=place.id, fixed_ip="10.9.0.50"))
    race.cloud.settle()
    nic = race.read(lambda tx: tx.nics.find(Query(filters=(eq("instance_id", one.id),))))[0]
    delete_nic(house, race.cloud.call(), nic.id)
    race.cloud.control_only()
    wish = NicWish(network_id=place.id, fixed_ips=(FixedWish(address="10.9.0.50"),))
    again = create_nics(house, race.cloud.call(), (wish,))[0].nic
    race.cloud.control_only()
    race.cloud.settle(120)
    claim = race.read(lambda tx: tx.claims.get("address", f"{again.fixed_ips[0].subnet_id}/10.9.0.50"))
    assert claim is not None
    assert claim.owner == again.id
    assert race.read(lambda tx: tx.nics.get(nic.id)) is None
    race.counters_are_sums()
