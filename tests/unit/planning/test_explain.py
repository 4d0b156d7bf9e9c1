"""Every planted fault has its answer: the walker over the picture of a real kernel with one thing broken in it."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace
from tests.contract.network.explained import GOLDEN, Golden

from kumoi.core.pictures import Picture, SeenDevice, SeenRoom
from kumoi.core.plan import NicEntry, VpcEntry
from kumoi.planning.explain.case import Case, Probe, Walk, Wished
from kumoi.planning.explain.walk import walk

A, B, C = "10.0.1.11", "10.0.2.12", "10.0.1.13"
PUBLIC, FORWARDED, FAR = "203.0.113.200", "203.0.113.202", "198.51.100.9"
BOTH: Final = (4, 6)
Fault = Callable[[Golden], Golden]


@pytest.fixture(scope="module")
def golden() -> Golden:
    return msgspec.json.decode(GOLDEN.read_bytes(), type=Golden)


def probe(golden: Golden, sender: str, destination: str, port: int = 80, protocol: int = 6) -> Probe:
    nic = {"a": golden.a, "b": golden.b, "c": golden.c}.get(sender)
    return Probe(sender=nic, destination=destination, protocol=protocol, port=port, source="" if nic else FAR)


def walked(golden: Golden, sender: str, destination: str, port: int = 80, protocol: int = 6) -> Walk:
    asked = probe(golden, sender, destination, port, protocol)
    return walk(Case(wished=golden.wished, picture=golden.picture, probe=asked))


# --- what arrives -----------------------------------------------------------------------------------


def test_neighbours(golden: Golden) -> None:
    found = walked(golden, "c", A, 80)
    assert found.stop is None
    assert [hop.code for hop in found.hops] == ["from_guest", "to_guest"]
    assert walked(golden, "c", A, 22).stop is None
    assert walked(golden, "c", A, protocol=1).stop is None


def test_through_a_router(golden: Golden) -> None:
    found = walked(golden, "a", B)
    assert found.stop is None
    assert [hop.code for hop in found.hops] == ["from_guest", "into_router", "routed", "to_guest"]
    assert found.hops[1].where.startswith("qrouter-")


def test_out_of_the_cloud_under_the_public_address_or_the_routers(golden: Golden) -> None:
    led, hidden = walked(golden, "a", FAR), walked(golden, "b", FAR)
    assert led.stop is hidden.stop is None
    assert [hop.code for hop in led.hops] == ["from_guest", "into_router", "led_out", "routed", "to_outside"]
    assert [hop.facts["public"] for found in (led, hidden) for hop in found.hops if hop.code == "led_out"] == [
        PUBLIC,
        "203.0.113.100",
    ]


def test_in_by_a_public_address(golden: Golden) -> None:
    found = walked(golden, "outside", PUBLIC)
    assert found.stop is None
    assert [hop.code for hop in found.hops] == ["from_outside", "into_router", "led_in", "routed", "to_guest"]


@pytest.mark.parametrize("port", [8080, 80])
def test_in_by_a_forwarded_port(golden: Golden, port: int) -> None:
    """One that changes its number on the way, and one of a range that keeps them."""
    found = walked(golden, "outside", FORWARDED, port)
    assert found.stop is None
    assert [hop.code for hop in found.hops] == ["from_outside", "into_router", "led_in", "routed", "to_guest"]
    assert found.hops[-1].facts == {"name": "db"}
    other = walked(golden, "outside", FORWARDED, 8081).stop
    assert other is not None
    assert other.code == "not_led_in"


def test_a_neighbours_public_address_leads_round(golden: Golden) -> None:
    found = walked(golden, "b", PUBLIC)
    assert found.stop is None
    assert [hop.code for hop in found.hops] == ["from_guest", "into_router", "led_in", "led_out", "routed", "to_guest"]


def test_services_and_the_router_itself(golden: Golden) -> None:
    assert walked(golden, "a", "10.0.1.2", 53, 17).hops[-1].code == "to_services"
    assert walked(golden, "a", "10.0.1.1", protocol=1).hops[-1].code == "at_router"


# --- planted faults ---------------------------------------------------------------------------------


def device(name: str, room: str = "", **changed: Any) -> Fault:
    """One device is otherwise; `gone` for one that is not there. Its name's beginning is enough."""

    def change(one: SeenDevice) -> SeenDevice | None:
        if not one.name.startswith(name):
            return one
        return None if changed.get("gone") else replace(one, **changed)

    def plant(golden: Golden) -> Golden:
        def changed_room(seen: SeenRoom) -> SeenRoom:
            if not seen.name.startswith(room) or bool(room) != bool(seen.name):
                return seen
            return replace(seen, devices=tuple(kept for d in seen.devices if (kept := change(d)) is not None))

        return pictured(golden, rooms=tuple(map(changed_room, golden.picture.rooms)))

    return plant


def room(name: str, **changed: Any) -> Fault:
    def plant(golden: Golden) -> Golden:
        rooms = (
            replace(r, **changed) if r.name.startswith(name) and bool(name) == bool(r.name) else r
            for r in golden.picture.rooms
        )
        return pictured(golden, rooms=tuple(rooms))

    return plant


def pictured(golden: Golden, **changed: Any) -> Golden:
    picture: Picture = replace(golden.picture, **changed)
    return replace(golden, picture=picture)


def wished(golden: Golden, **changed: Any) -> Golden:
    wish: Wished = replace(golden.wished, **changed)
    return replace(golden, wished=wish)


def tap(which: str, **changed: Any) -> Fault:
    return lambda golden: device(golden.picture.taps[getattr(golden, which)], **changed)(golden)


def leg(number: int, where: str = "", **changed: Any) -> Fault:
    def plant(golden: Golden) -> Golden:
        (vpc,) = golden.wished.vpcs.values()
        return device(golden.picture.legs[vpc.all_legs[number].nic_id], where, **changed)(golden)

    return plant


def nic(which: str, **changed: Any) -> Fault:
    """Wished otherwise."""

    def plant(golden: Golden) -> Golden:
        one: NicEntry = replace(golden.wished.nics[getattr(golden, which)], **changed)
        return wished(golden, nics={**golden.wished.nics, one.id: one})

    return plant


def vpc(**changed: Any) -> Fault:
    def plant(golden: Golden) -> Golden:
        (one,) = golden.wished.vpcs.values()
        other: VpcEntry = replace(one, **changed)
        return wished(golden, vpcs={one.id: other})

    return plant


def subnet(cidr: str, **changed: Any) -> Fault:
    def plant(golden: Golden) -> Golden:
        subnets = (replace(s, **changed) if s.cidr == cidr else s for s in golden.wished.subnets)
        return wished(golden, subnets=tuple(subnets))

    return plant


def power(which: str, seen: str) -> Fault:
    def plant(golden: Golden) -> Golden:
        instance = golden.wished.nics[getattr(golden, which)].instance_id
        return pictured(golden, powers={**golden.picture.powers, instance: seen})

    return plant


def rules(name: str, keep: Callable[[str, dict[str, Any]], bool], *added: dict[str, Any]) -> Fault:
    """Of the rules in a room only these stand, and others besides."""

    def plant(golden: Golden) -> Golden:
        seen = next(r for r in golden.picture.rooms if r.name.startswith(name) and bool(name) == bool(r.name))
        kept = [item for item in seen.rules or () for kind, body in item.items() if keep(kind, body)]
        return room(name, rules=(*kept, *added))(golden)

    return plant


def without_element(name: str, text: str) -> Fault:
    """Somebody took an element out of a set."""

    def plant(golden: Golden) -> Golden:
        def change(seen: SeenRoom) -> SeenRoom:
            return replace(seen, rules=tuple(_without(item, name, text) for item in seen.rules or ()))

        return pictured(golden, rooms=tuple(map(change, golden.picture.rooms)))

    return plant


def _without(item: dict[str, Any], name: str, text: str) -> dict[str, Any]:
    for kind, body in item.items():
        if kind in {"set", "map"} and body["name"].startswith(name):
            elements = [e for e in body.get("elem", ()) if text not in msgspec.json.encode(e).decode()]
            return {kind: body | {"elem": elements}}
    return item


def foreign(family: str, hook: str) -> tuple[dict[str, Any], ...]:
    """A firewall of somebody else's that lets nothing through."""
    where = {"family": family, "table": "corporate"}
    based = where | {"name": "strict", "type": "filter", "hook": hook, "prio": 10, "policy": "accept"}
    return {"chain": based}, {"rule": where | {"chain": "strict", "expr": [{"drop": None}]}}


def every(_: str, __: dict[str, Any]) -> bool:
    return True


def not_rule(part: str) -> Callable[[str, dict[str, Any]], bool]:
    return lambda kind, body: kind != "rule" or part not in msgspec.json.encode(body["expr"]).decode()


def not_chains_rules(chain: str) -> Callable[[str, dict[str, Any]], bool]:
    return lambda kind, body: kind != "rule" or not str(body["chain"]).startswith(chain)


FAULTS: Final[list[tuple[str, Fault, tuple[Any, ...], str]]] = [
    ("the receiver is off", power("b", "off"), ("a", B), "guest_not_running"),
    ("the port is disabled", nic("b", admin_up=False), ("a", B), "nic_down"),
    ("the network is disabled", lambda g: wished(g, networks={
        k: replace(n, admin_up=False) for k, n in g.wished.networks.items()}), ("a", B), "network_down"),
    ("the tap is not there", tap("b", gone=True), ("a", B), "nic_not_plugged"),
    ("the tap is down", tap("a", up=False), ("a", B), "device_down"),
    ("the tap is in another bridge", tap("b", master="br9"), ("a", B), "not_in_bridge"),
    ("the bridge is gone", device("br", gone=True), ("a", C), "no_bridge"),
    ("the bridge is down", device("br", up=False), ("a", C), "device_down"),
    ("the router's namespace is gone", lambda g: pictured(g, rooms=g.picture.rooms[:1]), ("a", B), "no_router"),
    ("the router's wire is gone", leg(0, gone=True), ("a", B), "no_wire"),
    ("the wire's end inside is gone", leg(1, "qrouter-", gone=True), ("a", B), "no_wire"),
    ("the wire's end inside is down", leg(0, "qrouter-", up=False), ("a", B), "device_down"),
    ("the wire is in no bridge", leg(1, master=""), ("a", B), "not_in_bridge"),
    ("the router lost its address", leg(0, "qrouter-", addresses=()), ("a", B), "address_missing"),
    ("the router does not forward", room("qrouter-", forwards=()), ("a", B), "not_forwarding"),
    ("the router lost its way out", room("qrouter-", routes=()), ("a", FAR), "no_route"),
    ("the subnet has no gateway", subnet("10.0.1.0/24", gateway=None), ("a", B), "no_gateway"),
    ("nobody has the address", lambda g: g, ("a", "10.0.1.99"), "nobody_has_address"),
    ("the receiver's groups do not allow it", lambda g: g, ("a", B, 443), "ingress_denied"),
    ("a group that names its members only", lambda g: g, ("b", A, 22), "ingress_denied"),
    ("the sender's groups do not allow it", lambda g: wished(rules("", lambda k, b: k != "rule" or not (
        b["chain"].startswith("g-") and b["chain"].endswith("-out")))(g), groups={}), ("a", B), "egress_denied"),
    ("an allowed rule is not loaded", rules("", not_chains_rules("g-")), ("a", B), "rule_not_loaded"),
    ("the filter does not know the nic", without_element("nics", "tap"), ("a", B), "nic_unknown_to_filter"),
    ("an address that is not the nic's", without_element("hosts4", A), ("a", B), "spoofed"),
    ("a member is missing in the set", without_element("m4-", ""), ("c", A, 22), "rule_not_loaded"),
    ("somebody's firewall drops in the bridge", rules("", every, *foreign("bridge", "forward")), ("a", C, 22),
     "foreign_rule"),
    ("somebody's firewall drops in the router", rules("qrouter-", every, *foreign("inet", "forward")), ("a", B),
     "dropped_by_rule"),
    ("the public address is not led in", without_element("led_in", PUBLIC), ("outside", PUBLIC), "not_led_in"),
    ("a public address that leads nowhere", lambda g: g, ("outside", "203.0.113.201"), "public_leads_nowhere"),
    ("an inner address, from outside", lambda g: g, ("outside", A), "not_reachable_from_outside"),
    ("the cloud's foot is gone", device("gw-", gone=True), ("a", FAR), "no_foot"),
    ("the cloud's foot lost its address", device("gw-", addresses=()), ("a", FAR), "foot_without_address"),
    ("the cloud has no way out", room("", routes=()), ("a", FAR), "no_uplink"),
    ("the cloud does not forward", room("", forwards=()), ("a", FAR), "not_forwarding"),
    ("the services are not there", device("ns-", gone=True), ("a", "10.0.1.2", 53, 17), "no_services"),
    ("the nic has no IPv6 address", lambda g: g, ("a", "fd00::1"), "no_address"),
    ("the router is on another host", lambda g: wished(g, elsewhere=dict.fromkeys(g.wished.vpcs, "far")), ("a", B),
     "on_another_host"),
]  # fmt: skip


@pytest.mark.parametrize(("plant", "way", "code"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_planted_fault_is_named(golden: Golden, plant: Fault, way: tuple[Any, ...], code: str) -> None:
    found = walked(plant(golden), *way)
    assert (found.stop.code if found.stop else "") == code, found


def test_an_answer_that_goes_another_way_is_said_to(golden: Golden) -> None:
    """The receiver's subnet leads its answers to somebody else."""
    found = walked(subnet("10.0.2.0/24", gateway="10.0.2.254")(golden), "a", B)
    assert found.back
    assert found.stop is not None
    assert found.stop.code == "no_way_back"


def test_the_rule_that_drops_is_quoted(golden: Golden) -> None:
    found = walked(rules("", every, *foreign("bridge", "forward"))(golden), "a", C, 22)
    assert found.stop is not None
    assert found.stop.facts == {"table": "bridge corporate", "chain": "strict", "rule": "drop"}


def test_without_rules_the_wish_is_asked(golden: Golden) -> None:
    bare = room("qrouter-", rules=None)(room("", rules=None)(golden))
    assert walked(bare, "a", B).stop is None
    assert walked(bare, "outside", PUBLIC).stop is None
    assert walked(bare, "outside", FORWARDED, 8080).stop is None
    denied = walked(bare, "a", B, 443).stop
    assert denied is not None
    assert denied.code == "ingress_denied"
