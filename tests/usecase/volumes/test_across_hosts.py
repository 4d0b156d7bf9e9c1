"""Volumes whose guests are on other hosts: reached over the network, by one host at a time, in both tongues."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import call
from tests.usecase.cloud import Cloud
from tests.usecase.several_hosts import host_of

from kumoi.adapters.fake.exports import FakeExporter
from kumoi.api.aws.ec2 import tongue as ec2
from kumoi.api.edge.app import Edge
from kumoi.api.edge.request import Request
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.compute.tongue import tongue as compute
from kumoi.app.hosts.read import show
from kumoi.app.hosts.switch import switch
from kumoi.app.instances.delete import delete as delete_instance
from kumoi.app.instances.power import start, stop
from kumoi.app.instances.run import run
from kumoi.app.instances.wish import DiskChoice, RunWish
from kumoi.app.volumes import attaching, create, delete, extend, read, snapshots
from kumoi.app.volumes.attaching import AttachWish
from kumoi.app.volumes.create import VolumeWish
from kumoi.app.volumes.imaging import VolumeImageWish, create_image
from kumoi.core.errors import Unsupported
from kumoi.core.exports import INITIATES
from kumoi.core.ids import FlavorId, HostId, InstanceId, VolumeId, ec2_id
from kumoi.core.storage_pools import host_of as host_of_pool

SCOPE = {"method": "POST", "raw_path": b"/ec2", "query_string": b"", "headers": [], "scheme": "http"}


class Across:
    """Volumes lie on the host `one`; `two` and `three` are hosts like it. All acts are the administrator's, who may
    choose hosts."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder, capabilities=("router", INITIATES))
        self.house = self.cloud.house
        self.cloud.settle()
        self.volume = create.create(self.house, self.call, VolumeWish(size_gib=1)).volume.id
        for name in ("two", "three"):
            self.cloud.add_host(name)
        self.cloud.settle()
        self.image = self.cloud.image()

    @property
    def call(self) -> Any:
        return self.cloud.call(admin=True)

    @property
    def portal(self) -> FakeExporter:
        return self.cloud.exporters["one"]

    def server(self, host: str = "two", **more: Any) -> InstanceId:
        wish = RunWish(flavor_id=FlavorId("1"), image_id=self.image, name="web", host_name=host, **more)
        made = run(self.house, self.call, wish)[0].id
        self.cloud.settle()
        return made

    def attach(self, server: InstanceId) -> None:
        attaching.attach(self.house, self.call, server, AttachWish(volume_id=self.volume))
        self.cloud.settle()

    def detach(self, server: InstanceId) -> None:
        attaching.detach(self.house, self.call, server, self.volume)
        self.cloud.settle()

    def inside(self, host: str, server: InstanceId) -> set[VolumeId]:
        return set(self.cloud.worlds[host].machines[server].disks)

    def name(self, host_id: HostId) -> str:
        return show(self.house, self.call, host_id).name

    def status(self) -> str:
        return read.get(self.house, self.call, self.volume).volume.status

    def broken(self) -> list[str]:
        return [one for world in self.cloud.worlds.values() for one in world.broken]


@pytest.fixture
def across(tmp_path: Path) -> Iterator[Across]:
    made = Across(tmp_path)
    yield made
    assert made.broken() == []
    made.cloud.close()


def test_a_guest_of_another_host_has_it_and_nobody_reaches_it_afterwards(across: Across) -> None:
    server = across.server()
    across.attach(server)
    assert across.inside("two", server) == {across.volume}
    assert across.status() == "in_use"
    (offered,) = across.portal.offered[across.volume]
    assert len(offered.secret) >= 24, "the secret is to be guessed by nobody"
    across.detach(server)
    assert across.inside("two", server) == set()
    assert across.portal.offered == {}
    assert across.status() == "available"


def test_both_tongues_attach_and_detach_it(across: Across) -> None:
    server = across.server()
    cloud = across.cloud
    site = Site(public_url="http://cloud", region="RegionOne")
    nova = msgspec.structs.replace(compute(cloud.house, site), authenticate=lambda _request: across.call.actor)
    edge = Edge([nova], now=cloud.clock.now, new_id=cloud.chance.uuid)
    path = f"/compute/v2.1/servers/{server}/os-volume_attachments"
    body = msgspec.json.encode({"volumeAttachment": {"volumeId": across.volume}})
    answer = asyncio.run(call(edge, "POST", path, (), body))
    edge.close()
    assert answer.status == 200, answer.body
    cloud.settle()
    assert across.inside("two", server) == {across.volume}

    request = Request(SCOPE, {}, "req-test", cloud.clock.now())
    request.actor = across.call.actor
    actions = {a.name: a.handler for a in ec2.actions(cloud.house)}
    words = {"VolumeId": ec2_id("vol", across.volume), "InstanceId": ec2_id("i", server)}
    actions["DetachVolume"](request, {"VolumeId": words["VolumeId"]})
    cloud.settle()
    assert across.portal.offered == {}
    actions["AttachVolume"](request, {**words, "Device": "/dev/sdf"})
    cloud.settle()
    assert across.inside("two", server) == {across.volume}


def test_it_goes_from_host_to_host_and_never_to_two(across: Across) -> None:
    here, there = across.server("one"), across.server("two")
    far = across.server("three")
    for host, server in (("two", there), ("one", here), ("three", far), ("one", here)):
        across.attach(server)
        assert across.inside(host, server) == {across.volume}
        across.detach(server)
    assert across.portal.offered == {}


def test_a_guest_that_clings_keeps_it_from_everybody_else(across: Across) -> None:
    there = across.server()
    across.attach(there)
    across.cloud.worlds["two"].clinging.add(there)
    across.detach(there)
    assert across.status() == "detaching"
    assert across.volume in across.portal.offered
    stop(across.house, across.call, there)
    across.cloud.settle(200.0)
    assert across.status() == "available"
    assert across.portal.offered == {}


def test_what_the_exporter_lost_is_offered_anew_and_the_guest_goes_on(across: Across) -> None:
    server = across.server()
    across.attach(server)
    before = across.portal.offered[across.volume]
    across.portal.die()
    across.cloud.settle()
    assert across.portal.offered[across.volume] == before
    assert across.inside("two", server) == {across.volume}
    assert across.status() == "in_use"


def test_a_guest_starts_with_it_once_its_host_has_opened_it(across: Across) -> None:
    server = across.server()
    stop(across.house, across.call, server)
    across.cloud.settle(200.0)
    across.cloud.worlds["one"].faults.failing["offer"] = 3
    attaching.attach(across.house, across.call, server, AttachWish(volume_id=across.volume))
    start(across.house, across.call, server)
    across.cloud.settle(60.0)
    assert across.inside("two", server) == {across.volume}


def test_a_server_is_placed_beside_what_it_boots_from_or_reaches_it(across: Across) -> None:
    wish = VolumeWish(size_gib=1, image_id=across.image)
    first, second = (create.create(across.house, across.call, wish).volume for _ in range(2))
    across.cloud.settle()
    homes = []
    for volume in (first, second):
        assert volume.pool_id is not None
        keeper = host_of_pool(volume.pool_id)
        disks = (DiskChoice(source="volume", id=volume.id, boot=True),)
        made = run(across.house, across.call, RunWish(flavor_id=FlavorId("1"), image_id=None, name="b", disks=disks))
        across.cloud.settle()
        homes.append((host_of(across.cloud, made[0].id), across.name(keeper)))
        delete_instance(across.house, across.call, made[0].id)
        across.cloud.settle(60.0)
    assert all(home == keeper for home, keeper in homes), homes
    switch(across.house, across.call, keeper, enabled=False)
    made = run(across.house, across.call, RunWish(flavor_id=FlavorId("1"), image_id=None, name="b", disks=disks))
    across.cloud.settle()
    home = host_of(across.cloud, made[0].id)
    assert home != across.name(keeper)
    assert across.inside(home, made[0].id) == {second.id}


def test_it_goes_with_its_server_and_its_target_with_it(across: Across) -> None:
    server = across.server()
    across.attach(server)
    delete_instance(across.house, across.call, server)
    across.cloud.settle(200.0)
    assert across.portal.offered == {}
    assert across.status() == "available"
    delete.delete(across.house, across.call, across.volume)
    across.cloud.settle(60.0)
    assert across.volume not in across.cloud.worlds["one"].volumes


def test_what_needs_the_guest_is_refused_while_that_is_elsewhere(across: Across) -> None:
    server = across.server()
    across.attach(server)
    with pytest.raises(Unsupported, match="act_across_hosts"):
        extend.extend(across.house, across.call, across.volume, 2)
    with pytest.raises(Unsupported, match="act_across_hosts"):
        create.create(across.house, across.call, VolumeWish(source_id=across.volume))
    with pytest.raises(Unsupported, match="act_across_hosts"):
        snapshots.create(across.house, across.call, snapshots.SnapshotWish(volume_id=across.volume))
    copy = VolumeImageWish(name="copy", while_used=True)
    with pytest.raises(Unsupported, match="act_across_hosts"):
        create_image(across.house, across.call, across.volume, copy)


def test_a_host_without_an_initiator_is_refused_by_name(across: Across) -> None:
    across.cloud.add_host("bare", capabilities=("router",))
    across.cloud.settle()
    server = across.server("bare")
    with pytest.raises(Unsupported, match="no_initiator"):
        attaching.attach(across.house, across.call, server, AttachWish(volume_id=across.volume))
