"""A public address that comes with an instance: set aside for another one, put back, gone with its nic."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.app.instances import delete, read, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks import nic_doors, public_addresses, reading
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, PublicChange, PublicWish
from kumoi.core.errors import QuotaExceeded
from kumoi.core.ids import FlavorId, InstanceId, NicId, PublicAddressId
from kumoi.core.networks import Network
from kumoi.core.query import Query, eq
from kumoi.core.quotas import project_scope
from kumoi.core.vpcs import PublicAddress


class Tenant:
    """One running instance of the demo user with a public address of its own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.house, self.call = cloud.house, cloud.call()
        mine = Query(filters=(eq("project_id", self.call.project_id),))
        network: Network = cloud.store.read(lambda tx: tx.networks.find(mine))[0]
        self.id = self.run(NicChoice(network_id=network.id, public=True))
        self.nic = self.view().nics[0].id
        self.former = self.led()[0]

    def run(self, choice: NicChoice) -> InstanceId:
        wish = RunWish(name="web", flavor_id=FlavorId("1"), image_id=self.cloud.image(), nics=(choice,))
        made = run.run(self.house, self.call, wish)[0]
        self.cloud.settle()
        return made.id

    def view(self) -> read.InstanceView:
        return read.get(self.house, self.call, self.id)

    def led(self) -> list[PublicAddress]:
        """What leads to the instance, as its router was told."""
        led = [public for public in self.view().public if public.nic_id == self.nic]
        told = {one.public for vpc in self.cloud.world.vpcs.values() for one in vpc.floating}
        assert told == {public.address for public in led}
        return led

    def hold(self, nic_id: NicId | None) -> PublicAddressId:
        made = public_addresses.create_public_address(self.house, self.call, PublicWish(nic_id=nic_id)).public.id
        self.cloud.settle()
        return made

    def lead(self, public_id: PublicAddressId, nic_id: NicId | None) -> None:
        public_addresses.update_public_address(self.house, self.call, public_id, PublicChange(nic_id=nic_id))
        self.cloud.settle()

    def held(self) -> int:
        """How many public addresses the quota counts."""
        scope = project_scope(self.call.project_id)
        return self.cloud.store.read(lambda tx: tx.counters.get(scope, "public_addresses").used)


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    cloud = Cloud(tmp_path)
    cloud.settle()
    yield Tenant(cloud)
    cloud.close()


def test_another_one_sets_it_aside_and_brings_it_back(tenant: Tenant) -> None:
    other = tenant.hold(tenant.nic)
    assert [public.id for public in tenant.led()] == [other]
    tenant.lead(other, None)
    assert [public.id for public in tenant.led()] == [tenant.former.id]
    tenant.lead(other, tenant.nic)
    public_addresses.delete_public_address(tenant.house, tenant.call, other)
    tenant.cloud.settle()
    assert [public.id for public in tenant.led()] == [tenant.former.id]


def test_it_goes_with_its_nic_led_or_set_aside(tenant: Tenant) -> None:
    other = tenant.hold(tenant.nic)
    delete.delete(tenant.house, tenant.call, tenant.id)
    tenant.cloud.settle()
    left = reading.find_rows(tenant.house, tenant.call, PUBLIC_ADDRESSES, Query())
    assert [(public.id, public.nic_id) for public in left] == [(other, None)]
    assert tenant.held() == 1


def test_once_led_elsewhere_it_is_like_any_other(tenant: Tenant) -> None:
    wish = nic_doors.NicWish(network_id=tenant.view().nics[0].network_id)
    elsewhere = nic_doors.create_nics(tenant.house, tenant.call, (wish,))[0].nic.id
    tenant.lead(tenant.former.id, elsewhere)
    other = tenant.hold(tenant.nic)
    tenant.lead(other, None)
    assert tenant.view().public == ()
    delete.delete(tenant.house, tenant.call, tenant.id)
    tenant.cloud.settle()
    assert tenant.held() == 2


def test_what_cannot_have_one_is_not_made(tenant: Tenant) -> None:
    while True:
        try:
            tenant.hold(None)
        except QuotaExceeded:
            break
    with pytest.raises(QuotaExceeded):
        tenant.run(NicChoice(network_id=tenant.view().nics[0].network_id, public=True))
    assert len(read.find_views(tenant.house, tenant.call, Query())) == 1
