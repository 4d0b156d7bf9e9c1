"""What a host may still have of a nic that lives on is given to nobody else: two hosts, one of them out of reach."""

from collections.abc import Iterator

import pytest
from tests.machines.ground import FakeHost, Ground

from kumoi.app.instances import delete, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks import nic_doors
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.nic_doors import NicChange
from kumoi.app.networks.nics import NicWish
from kumoi.core.ids import FlavorId, ImageId, NicId
from kumoi.core.instances import Instance
from kumoi.core.nics import Nic
from kumoi.core.query import Query, eq
from kumoi.core.quotas import Claim

QUIET_S = 20.0


@pytest.fixture
def ground() -> Iterator[Ground]:
    made = Ground()
    made.pass_time(QUIET_S)
    yield made
    made.close()


@pytest.fixture
def image(ground: Ground) -> ImageId:
    return ground.image()


@pytest.fixture
def nic(ground: Ground) -> Nic:
    """One that outlives its instances, on the project's own network."""
    network = next(n for n in ground.store.read(lambda tx: tx.networks.find(Query())) if not n.external)
    return nic_doors.create_nics(ground.house, ground.cloud.call(), (NicWish(network_id=network.id),))[0].nic


def boot(ground: Ground, image: ImageId, nic: Nic) -> Instance:
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=image, nics=(NicChoice(nic_id=nic.id),))
    one = run.run(ground.house, ground.cloud.call(), wish)[0]
    ground.pass_time(QUIET_S)
    return one


def claim(ground: Ground, nic: Nic) -> Claim | None:
    """Of the address that the nic had at first."""
    ip = nic.fixed_ips[0]
    return ground.store.read(lambda tx: tx.claims.get("address", f"{ip.subnet_id}/{ip.address}"))


def home(ground: Ground, one: Instance) -> FakeHost:
    return next(host for host in ground.hosts if one.id in host.world.machines)


def addresses(host: FakeHost, nic_id: NicId) -> list[str]:
    return [ip.address for ip in host.world.nics[nic_id].fixed_ips]


def move(ground: Ground, nic: Nic, to: FixedWish) -> Nic:
    return nic_doors.update_nic(ground.house, ground.cloud.call(), nic.id, NicChange(fixed_ips=(to,))).nic


def rows(ground: Ground, nic: Nic) -> int:
    """The nic's own and those that stand for it."""
    query = Query(filters=(eq("stands_for", nic.id),))
    return ground.store.read(lambda tx: tx.nics.count(query) + (tx.nics.get(nic.id) is not None))


def test_a_former_address_is_held_until_its_host_has_the_new_one(ground: Ground, image: ImageId, nic: Nic) -> None:
    host = home(ground, boot(ground, image, nic))
    host.link.dead = True
    now = move(ground, nic, FixedWish(subnet_id=nic.fixed_ips[0].subnet_id, address="10.0.0.77"))
    ground.pass_time(QUIET_S)
    assert addresses(host, nic.id) == [nic.fixed_ips[0].address]
    assert claim(ground, nic) is not None
    host.link.dead = False
    ground.pass_time(QUIET_S)
    assert addresses(host, nic.id) == [now.fixed_ips[0].address]
    assert claim(ground, nic) is None
    assert rows(ground, nic) == 1


def test_there_and_back_again_leaves_nothing_behind(ground: Ground, image: ImageId, nic: Nic) -> None:
    boot(ground, image, nic)
    first = nic.fixed_ips[0]
    move(ground, nic, FixedWish(subnet_id=first.subnet_id, address="10.0.0.77"))
    move(ground, nic, FixedWish(subnet_id=first.subnet_id, address=first.address))
    ground.pass_time(QUIET_S)
    held = claim(ground, nic)
    assert held is not None
    assert held.owner == nic.id
    assert rows(ground, nic) == 1
    assert ground.table("SELECT key FROM claims WHERE key LIKE '%/10.0.0.77'") == []


def test_a_nic_that_moved_on_is_held_until_its_first_host_was_heard(ground: Ground, image: ImageId, nic: Nic) -> None:
    one = boot(ground, image, nic)
    first = home(ground, one)
    first.link.dead = True
    delete.delete(ground.house, ground.cloud.call(), one.id)
    ground.pass_time(70.0)
    two = boot(ground, image, nic)
    assert home(ground, two) is not first
    delete.delete(ground.house, ground.cloud.call(), two.id)
    nic_doors.delete_nic(ground.house, ground.cloud.call(), nic.id)
    ground.pass_time(90.0)
    assert nic.id in first.world.nics
    assert claim(ground, nic) is not None
    first.link.dead = False
    ground.pass_time(90.0)
    assert nic.id not in first.world.nics
    assert claim(ground, nic) is None
    assert rows(ground, nic) == 0
