"""The walker's word against the kernel's deed: what it says arrives does, and what stops a packet is named."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.contract.network.explained import Scene, lead_out
from tests.contract.network.plans import net, vpc

from kumoi.contracts.network import Network
from kumoi.core.ids import NicId
from kumoi.core.pictures import Scope
from kumoi.planning.explain.case import Case, Probe
from kumoi.planning.explain.walk import walk

Act = Callable[[Scene, Any], object]


@pytest.fixture
def scene(linux: Any) -> Scene:
    lead_out(linux)
    made = Scene(linux)
    for nic in made.nics:
        linux.serve(nic.id, 80)
        linux.serve(nic.id, 22)
    linux.stranger("world", made.outside.entry, f"{made.outside.host(50)}/24")
    return made


def said(scene: Scene, sender: NicId | None, destination: str, port: int = 80) -> str:
    """The code that ends the packet; empty where it arrives."""
    probe = Probe(
        sender=sender, destination=destination, protocol=6, port=port, source="" if sender else scene.outside.host(50)
    )
    found = walk(Case(wished=scene.wished(), picture=scene.picture(), probe=probe))
    return found.stop.code if found.stop else ""


def test_what_is_said_to_arrive_arrives(scene: Scene) -> None:
    a, b, c = scene.a.id, scene.b.id, scene.c.id
    rig = scene.rig
    for sender, destination, port in (
        (a, "10.0.2.12", 80), (a, "10.0.2.12", 22), (c, "10.0.1.11", 22), (b, "10.0.1.11", 22), (a, "10.0.1.13", 22),
        (a, "10.0.1.13", 80), (b, "203.0.113.200", 80),
    ):  # fmt: skip
        arrives = rig.call(sender, destination, port) is not None
        assert (said(scene, sender, destination, port) == "") is arrives, (sender, destination, port)
    assert rig.call("world", "203.0.113.200", 80)
    assert said(scene, None, "203.0.113.200") == ""
    assert said(scene, None, "203.0.113.200", 22) == "ingress_denied"


def _router(scene: Scene, linux: Any, *command: str) -> None:
    code, text = linux.run(f"qrouter-{scene.vpc.id}", *command)
    assert code == 0, text


def _leg(scene: Scene, number: int) -> str:
    return f"qr-{scene.vpc.legs[number].nic_id[:11]}"


def _tap(scene: Scene) -> str:
    return f"tap{scene.b.id[:11]}"


FAULTS: list[tuple[str, Act, str]] = [
    ("a tap out of its bridge", lambda s, x: x.shell("ip", "link", "set", _tap(s), "nomaster"), "not_in_bridge"),
    ("a tap that is down", lambda s, x: x.shell("ip", "link", "set", _tap(s), "down"), "device_down"),
    ("a wire cut", lambda s, x: x.shell("ip", "link", "del", _leg(s, 1)), "no_wire"),
    ("an address lost", lambda s, x: _router(s, x, "ip", "addr", "flush", "dev", _leg(s, 1)), "address_missing"),
    ("no forwarding", lambda s, x: _router(s, x, "sysctl", "-qw", "net.ipv4.ip_forward=0"), "not_forwarding"),
    ("a bridge that is gone", lambda s, x: x.shell("ip", "link", "del", x.network.bridge(s.two.entry)), "no_bridge"),
    ("a group's rules flushed", lambda s, x: x.shell(
        "nft", "flush", "chain", "inet", _table(x), f"g-{s.b.group_ids[0]}-in"), "rule_not_loaded"),
    ("somebody's own firewall", lambda s, x: x.shell(
        "nft", "table bridge corporate { chain strict { type filter hook forward priority 10; drop; }; }"),
     "foreign_rule"),
    ("another one in the router", lambda s, x: _router(
        s, x, "nft", "table inet corporate { chain strict { type filter hook forward priority 10; drop; }; }"),
     "dropped_by_rule"),
]  # fmt: skip


def _table(linux: Any) -> str:
    return next(name for name in ("kumoi_a", "kumoi_b") if name in linux.shell("nft", "list", "tables", "inet"))


@pytest.mark.privileged
@pytest.mark.parametrize(("plant", "code"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_in_the_kernel_is_named(scene: Scene, linux: Any, plant: Act, code: str) -> None:
    a, b = scene.a.id, "10.0.2.12"
    assert linux.call(a, b, 80) is not None
    assert said(scene, a, b) == ""
    plant(scene, linux)
    assert linux.call(a, b, 80) is None
    assert said(scene, a, b) == code


def test_a_picture_shows_what_stands(network: Network) -> None:
    one, outside = net("10.0.1"), net("203.0.113", external=True)
    router = vpc(one.leg(1, "02:aa:00:00:00:01"), gateway=outside.leg(100, "02:aa:00:00:00:02"))
    scope = Scope(networks=(one.entry.id, outside.entry.id), vpcs=(router.id,), nics=(one.nic(11).id,))
    bare = network.picture(scope)
    assert not bare.bridges
    assert bare.room(bare.rooms_of[router.id]) is None
    for place in (one, outside):
        network.ensure_segment(place.segment(services=place is one))
    network.ensure_vpc(router)
    found = network.picture(scope)
    home, room = found.room(""), found.room(found.rooms_of[router.id])
    assert home is not None
    assert room is not None
    there = {device.name: device for device in home.devices}
    assert there[found.bridges[one.entry.id]].filtered
    assert there[found.services[one.entry.id]].master == found.bridges[one.entry.id]
    assert set(found.feet[outside.entry.id]) <= there.keys()
    assert found.legs.keys() == {leg.nic_id for leg in router.all_legs}
    inside = {device.name: device.addresses for device in room.devices}
    assert inside[found.legs[router.legs[0].nic_id]] == ("10.0.1.1/24",)
    assert set(room.forwards) >= {4}
    assert found.taps.keys() == set(scope.nics)
    assert not there.keys() & set(found.taps.values())


def test_a_network_outside_is_led_to_by_its_own_port(linux: Any) -> None:
    linux.physical("office")
    scene = Scene(linux, net("203.0.113", external=True, physical="office"))
    linux.on_lan("desk", "office", 0, "203.0.113.50/24")
    for machine in (scene.a.id, "desk"):
        linux.serve(machine, 80)
    assert linux.call("desk", "203.0.113.200", 80)
    assert linux.call(scene.a.id, "203.0.113.50", 80)
    assert said(scene, None, "203.0.113.200") == ""
    assert said(scene, scene.a.id, "203.0.113.50") == ""
    assert said(scene, scene.a.id, "198.51.100.7") == "", "the outside's own router leads on, not the cloud"
    linux.unplug_physical("office")
    assert linux.call("desk", "203.0.113.200", 80) is None
    assert said(scene, None, "203.0.113.200") == "no_physical"
    assert said(scene, scene.a.id, "203.0.113.50") == "no_physical"
