"""Doors of an instance's nics: who may plug what where, and what becomes of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.app.instances import addresses, nics, power, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks import nic_doors, public_addresses, reading
from kumoi.app.networks.nics import NicWish
from kumoi.app.networks.public_addresses import PublicChange, PublicWish
from kumoi.core.errors import InUse, Invalid, KumoiError, NotFound, WrongState
from kumoi.core.ids import FlavorId, InstanceId, NetworkId, NicId
from kumoi.core.nics import MOST_OF_INSTANCE, Nic
from kumoi.core.query import Query, alive, eq


class Tenant:
    """One running instance of the demo user, on the network that the cloud was founded with."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        wish = RunWish(name="web", flavor_id=FlavorId("1"), image_id=cloud.image())
        self.id = run.run(cloud.house, cloud.call(), wish)[0].id
        cloud.settle()
        self.network = self.nics()[0].network_id

    def nics(self) -> list[Nic]:
        return sorted(self.cloud.store.read(lambda tx: nics.nics_of(tx, self.id)), key=lambda nic: nic.slot)

    def plugged(self) -> set[str]:
        return {plug.nic_id for plug in self.cloud.world.machines[self.id].plugged.values()}

    def attach(self, slot: int | None = None, *, nic: NicId | None = None, network: NetworkId | None = None) -> Nic:
        choice = NicChoice(nic_id=nic, network_id=network)
        return nics.attach(self.cloud.house, self.cloud.call(), self.id, choice, slot)

    def detach(self, nic: NicId, *, first: bool = True) -> None:
        nics.detach(self.cloud.house, self.cloud.call(), self.id, nic, first=first)

    def make(self) -> NicId:
        made = nic_doors.create_nics(self.cloud.house, self.cloud.call(), (NicWish(network_id=self.network),))
        return made[0].nic.id


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    cloud = Cloud(tmp_path)
    cloud.settle()
    yield Tenant(cloud)
    cloud.close()


def refused(act: Callable[[], object], kind: type[KumoiError]) -> KumoiError:
    with pytest.raises(kind) as caught:
        act()
    return caught.value


def test_a_nic_of_ones_own_is_plugged_and_kept(tenant: Tenant) -> None:
    nic = tenant.make()
    assert tenant.attach(nic=nic).slot == 1
    tenant.cloud.settle()
    assert nic in tenant.plugged()
    tenant.detach(nic)
    tenant.cloud.settle()
    assert nic not in tenant.plugged()
    kept = tenant.cloud.store.read(lambda tx: tx.nics.get(nic))
    assert kept is not None
    assert (kept.use, kept.instance_id, kept.host_id) == ("", None, None)


def test_a_nic_made_for_the_instance_goes_with_its_plug(tenant: Tenant) -> None:
    nic = tenant.attach(network=tenant.network)
    tenant.cloud.settle()
    tenant.detach(nic.id)
    tenant.cloud.settle()
    assert tenant.cloud.store.read(lambda tx: tx.nics.get(nic.id)) is None
    claims = tenant.cloud.store.read(lambda tx: tx.claims.with_prefix("address", f"{nic.fixed_ips[0].subnet_id}/"))
    assert nic.id not in {claim.owner for claim in claims}


def test_its_address_is_not_given_again_while_the_guest_clings_to_it(tenant: Tenant) -> None:
    nic = tenant.attach(network=tenant.network)
    tenant.cloud.settle()
    tenant.cloud.world.clinging.add(tenant.id)
    tenant.detach(nic.id)
    tenant.cloud.settle(90.0)
    key = f"{nic.fixed_ips[0].subnet_id}/{nic.fixed_ips[0].address}"
    held = tenant.cloud.store.read(lambda tx: tx.claims.get("address", key))
    assert held is not None
    assert held.owner == nic.id
    tenant.cloud.world.clinging.clear()
    tenant.cloud.settle(15.0)
    assert tenant.cloud.store.read(lambda tx: tx.claims.get("address", key)) is None


def test_the_first_free_slot_is_filled(tenant: Tenant) -> None:
    one, two = (tenant.attach(network=tenant.network) for _ in range(2))
    assert (one.slot, two.slot) == (1, 2)
    tenant.detach(one.id)
    assert tenant.attach(network=tenant.network).slot == 1
    assert tenant.attach(7, network=tenant.network).slot == 7
    assert refused(lambda: tenant.attach(7, nic=tenant.make()), InUse).facts["kind"] == "slot"
    refused(lambda: tenant.attach(MOST_OF_INSTANCE, nic=tenant.make()), Invalid)
    while len(tenant.nics()) < MOST_OF_INSTANCE:
        tenant.attach(network=tenant.network)
    assert refused(lambda: tenant.attach(network=tenant.network), Invalid).facts["reason"] == "too_many"


def test_what_cannot_be(tenant: Tenant) -> None:
    nic = tenant.nics()[0]
    assert refused(lambda: tenant.attach(nic=nic.id), InUse).facts["kind"] == "nic"
    refused(lambda: tenant.attach(nic=NicId("nobody's")), NotFound)
    refused(lambda: tenant.detach(tenant.make()), NotFound)
    assert refused(lambda: tenant.detach(nic.id, first=False), InUse).facts["kind"] == "first_nic"
    choice = NicChoice(network_id=tenant.network)
    call = tenant.cloud.call()
    refused(lambda: nics.attach(tenant.cloud.house, call, InstanceId("nobody's"), choice), NotFound)
    power.reboot(tenant.cloud.house, call, tenant.id, hard=True)
    assert refused(lambda: tenant.attach(network=tenant.network), WrongState).facts["status"] == "hard_rebooting"


def test_an_instance_that_is_off_has_it_from_its_next_start(tenant: Tenant) -> None:
    power.stop(tenant.cloud.house, tenant.cloud.call(), tenant.id)
    tenant.cloud.settle(90.0)
    nic = tenant.attach(nic=tenant.make())
    power.start(tenant.cloud.house, tenant.cloud.call(), tenant.id)
    tenant.cloud.settle()
    assert tenant.plugged() == {one.id for one in tenant.nics()}
    assert nic.id in tenant.plugged()


def test_a_public_address_leads_nowhere_once_its_nic_is_gone(tenant: Tenant) -> None:
    house, call = tenant.cloud.house, tenant.cloud.call()
    nic = tenant.attach(network=tenant.network)
    public = public_addresses.create_public_address(house, call, PublicWish(nic_id=nic.id)).public
    tenant.detach(nic.id)
    found = reading.show(house, call, public_addresses.PUBLIC_ADDRESSES, public.id).public
    assert (found.nic_id, found.vpc_id) == (None, None)
    public_addresses.update_public_address(house, call, public.id, PublicChange(nic_id=tenant.nics()[0].id))


def test_one_more_address_and_one_fewer(tenant: Tenant) -> None:
    house, call = tenant.cloud.house, tenant.cloud.call()
    addresses.add(house, call, tenant.id, tenant.network)
    first, second = tenant.nics()[0].fixed_ips
    tenant.cloud.settle()
    assert tenant.cloud.world.nics[tenant.nics()[0].id].fixed_ips == (first, second)
    addresses.remove(house, call, tenant.id, second.address)
    assert tenant.nics()[0].fixed_ips == (first,)
    refused(lambda: addresses.remove(house, call, tenant.id, second.address), Invalid)
    refused(lambda: addresses.add(house, call, tenant.id, NetworkId("nobody's")), Invalid)
    found = tenant.cloud.store.read(lambda tx: tx.nics.find(Query(filters=(eq("use", "instance"), alive()))))
    assert len(found) == 1
