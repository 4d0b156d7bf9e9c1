"""The picture of networks: all in the frame, nothing on top of anything, no line across what it does not join."""

import pytest

from kumoi.api.web.topology_layout import CHIP_H, CHIP_W, ROUTER_H, ROUTER_W, Drawing, Lane, draw
from kumoi.app.networks.topology import Topology
from kumoi.core.ids import FlavorId, ImageId, InstanceId, LayerId, NetworkId, NicId, ProjectId, SubnetId, UserId, VpcId
from kumoi.core.instances import Instance
from kumoi.core.networks import Network
from kumoi.core.nics import FixedIp, Nic
from kumoi.core.vpcs import Vpc

OUTER = NetworkId("outer")
MINE = ProjectId("mine")


def network(name: str, *, external: bool = False) -> Network:
    return Network(id=NetworkId(name), project_id=MINE, name=name, vni=1, external=external)


def nic(name: str, on: str, *, instance: str | None = None, vpc: str | None = None) -> Nic:
    return Nic(
        id=NicId(name), project_id=MINE, network_id=NetworkId(on), mac="", mark=1,
        fixed_ips=(FixedIp(SubnetId("s"), "10.0.0.9"),), use="instance" if instance else "vpc_interface",
        instance_id=InstanceId(instance) if instance else None, vpc_id=VpcId(vpc) if vpc else None,
    )  # fmt: skip


def instance(name: str) -> Instance:
    return Instance(
        id=InstanceId(name), project_id=MINE, user_id=UserId("u"), name=name, hostname=name, flavor_id=FlavorId("1"),
        flavor_name="f", vcpus=1, memory_mib=1, disk_gib=1, image_id=ImageId("i"), root_layer_id=LayerId("l"),
        ec2_key="", reservation_id="",
    )  # fmt: skip


def topology(networks: int, routers: int, instances: int) -> Topology:
    """Networks in turn at each router and at none; instances in turn on each network, every fifth on two."""
    names = [f"n{i}" for i in range(networks)]
    vpcs = [Vpc(id=VpcId(f"r{i}"), project_id=MINE, name=f"r{i}", external_network_id=OUTER) for i in range(routers)]
    at = {name: i % (routers + 1) for i, name in enumerate(names)}  # the last place: at no router
    legs = [nic(f"leg-{name}", name, vpc=vpcs[place].id) for name, place in at.items() if place < routers]
    nics = [nic(f"nic{i}", names[i % networks], instance=f"i{i}") for i in range(instances)]
    nics += [nic(f"more{i}", names[(i + 1) % networks], instance=f"i{i}") for i in range(0, instances, 5)]
    return Topology(
        networks=(network("outer", external=True), *map(network, names)), subnets=(), vpcs=tuple(vpcs), gateways=(),
        legs=tuple(legs), instances=tuple(instance(f"i{i}") for i in range(instances)), nics=tuple(nics), public=(),
        left_out=0,
    )  # fmt: skip


Place = tuple[int, int, int, int]


def places(drawing: Drawing) -> list[Place]:
    """Of all that must not overlap: lanes and routers."""
    lanes = [(lane.x, lane.y, lane.x + lane.width, lane.y + lane.height) for lane in (*drawing.rails, *drawing.lanes)]
    return lanes + [(box.x, box.y, box.x + ROUTER_W, box.y + ROUTER_H) for box in drawing.boxes]


def chips(lane: Lane) -> list[Place]:
    return [(c.x, c.y, c.x + CHIP_W, c.y + CHIP_H) for c in lane.chips]


def overlap(a: Place, b: Place) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def within(a: Place, b: Place) -> bool:
    return b[0] <= a[0] and b[1] <= a[1] and a[2] <= b[2] and a[3] <= b[3]


SIZES = [(1, 0, 0), (1, 1, 2), (3, 1, 7), (9, 4, 60), (2, 12, 3)]


@pytest.mark.parametrize(("networks", "routers", "instances"), SIZES)
def test_nothing_lies_on_anything_and_all_is_in_the_frame(networks: int, routers: int, instances: int) -> None:
    drawing = draw(topology(networks, routers, instances))
    found = places(drawing)
    frame = (0, 0, drawing.width, drawing.height)
    assert all(within(one, frame) for one in found)
    assert [(a, b) for i, a in enumerate(found) for b in found[:i] if overlap(a, b)] == []
    for lane in drawing.lanes:
        ground = (lane.x, lane.y, lane.x + lane.width, lane.y + lane.height)
        mine = chips(lane)
        assert all(within(one, ground) for one in mine)
        assert [(a, b) for i, a in enumerate(mine) for b in mine[:i] if overlap(a, b)] == []
    assert {c.instance.id for lane in drawing.lanes for c in lane.chips} == {f"i{i}" for i in range(instances)}


@pytest.mark.parametrize(("networks", "routers"), [(3, 1), (9, 4), (20, 6)])
def test_no_line_crosses_a_lane(networks: int, routers: int) -> None:
    drawing = draw(topology(networks, routers, 0))
    lanes = places(drawing)[len(drawing.rails) : -len(drawing.boxes)]
    for line in drawing.lines:
        way = (min(line.x1, line.x2), min(line.y1, line.y2), max(line.x1, line.x2), max(line.y1, line.y2))
        assert [lane for lane in lanes if overlap(way, lane)] == []


def test_an_instance_on_two_networks_is_marked_the_second_time() -> None:
    drawing = draw(topology(2, 1, 1))
    assert [c.again for lane in drawing.lanes for c in lane.chips] == [False, True]
