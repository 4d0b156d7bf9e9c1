"""Through a router: in by one leg, translated, routed, and out by another. Pure."""

import msgspec

from kumoi.core.group_rules import protocol_number
from kumoi.core.ids import NetworkId
from kumoi.core.pictures import SeenRoom
from kumoi.core.plan import VpcEntry
from kumoi.core.vpcs import Exit, Leg
from kumoi.planning.explain import routes
from kumoi.planning.explain.case import Stopped
from kumoi.planning.explain.ground import Ground, device_in, within
from kumoi.planning.explain.rules import Packet, Rules
from kumoi.planning.explain.trip import Trip


class Onward(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the packet is handed to next: on which network, from which port of its bridge."""

    network: NetworkId
    hop: str
    port: str


def pass_through(ground: Ground, trip: Trip, vpc: VpcEntry, leg: Leg, hop: str) -> Onward | None:
    """None where it is the router itself that was meant."""
    room, inner = ground.through_wire(vpc, leg)
    if hop not in vpc.public and all(text.partition("/")[0] != hop for text in inner.addresses):
        raise Stopped("address_missing", device=f"{room.name}/{inner.name}", address=hop)
    trip.hop("into_router", room.name, device=inner.name)
    packet = trip.packet
    packet.entered, packet.leaves, packet.mark = inner.name, "", 0
    _translate_in(trip, vpc, room)
    if packet.destination in vpc.public:
        raise Stopped("not_led_in", where=room.name, address=packet.destination)
    _check_far_leg(ground, vpc, packet.destination)
    way = routes.lead(room, packet.destination)
    if way is None:
        raise Stopped("no_route", where=room.name, destination=packet.destination)
    if way.own:
        trip.hop("at_router", room.name, address=packet.destination)
        return None
    if packet.version not in room.forwards:
        raise Stopped("not_forwarding", where=room.name, version=packet.version)
    packet.leaves = way.device
    _pass(trip, room, "forward")
    _translate_out(ground, trip, vpc, room)
    out = next((each for each in vpc.all_legs if ground.picture.legs.get(each.nic_id) == way.device), None)
    if out is None:
        raise Stopped("no_route", where=room.name, destination=packet.destination)
    ground.through_wire(vpc, out)
    trip.hop("routed", room.name, device=way.device, hop=way.hop)
    trip.came_by = vpc.id
    packet.source_mac, packet.state = out.mac.lower(), "new"
    return Onward(network=out.network_id, hop=way.hop, port=way.device)


def _check_far_leg(ground: Ground, vpc: VpcEntry, destination: str) -> None:
    """Where the destination is on one of its networks, that leg has to stand: else a wider route leads it astray."""
    for leg in vpc.all_legs:
        blocks = [text for text in leg.addresses if within(destination, text)]
        if blocks:
            room, inner = ground.through_wire(vpc, leg)
            if not any(within(destination, text) for text in inner.addresses):
                raise Stopped("address_missing", device=f"{room.name}/{inner.name}", address=blocks[0])


def _translate_in(trip: Trip, vpc: VpcEntry, room: SeenRoom) -> None:
    packet, before = trip.packet, trip.packet.destination
    if room.rules is None:
        packet.destination, packet.destination_port = _led_as_wished(vpc, packet)
        packet.translated = packet.destination != before
    else:
        _pass(trip, room, "prerouting")
    if packet.destination != before:
        trip.hop("led_in", room.name, public=before, fixed=packet.destination)


def _led_as_wished(vpc: VpcEntry, packet: Packet) -> tuple[str, int]:
    """Destination and port inside, where no rules are told."""
    port = packet.destination_port
    for one in vpc.forwards:
        here = one.public == packet.destination and protocol_number(one.protocol) == packet.protocol
        if here and one.outer.first <= port <= one.outer.last:
            return one.fixed, one.inner.first + port - one.outer.first
    led = {floating.public: floating.fixed for floating in vpc.floating}
    return led.get(packet.destination, packet.destination), port


def _translate_out(ground: Ground, trip: Trip, vpc: VpcEntry, room: SeenRoom) -> None:
    packet, before = trip.packet, trip.packet.source
    if room.rules is not None:
        _pass(trip, room, "postrouting")
    for way in vpc.exits if room.rules is None else ():
        if packet.leaves == ground.picture.legs.get(way.leg.nic_id):
            packet.source = _as_wished(vpc, way, before)
    if packet.source == "masquerade":
        device = device_in(room, packet.leaves)
        packet.source = next((text.partition("/")[0] for text in (device.addresses if device else ())), before)
    if packet.source != before:
        trip.hop("led_out", room.name, fixed=before, public=packet.source)


def _as_wished(vpc: VpcEntry, way: Exit, source: str) -> str:
    """The address outside, where no rules are told."""
    led = {floating.fixed: floating.public for floating in vpc.floating if floating.public in way.carries}
    hidden = next((text.partition("/")[0] for text in way.leg.addresses if ":" not in text), source)
    return led.get(source, hidden if vpc.snat and ":" not in source else source)


def _pass(trip: Trip, room: SeenRoom, hook: str) -> None:
    if room.rules is None:
        return
    families = frozenset({"inet", "ip" if trip.packet.version == 4 else "ip6"})
    ended = Rules(room.rules).pass_hook(families, hook, trip.packet)
    if ended is not None:
        code = "hidden" if ended.rule.chain == "passing" else "dropped_by_rule"
        rule = ended.rule
        raise Stopped(code, where=room.name, table=rule.table, chain=rule.chain, rule=rule.text)
