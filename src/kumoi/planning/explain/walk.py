"""A packet's way through what stands: from a guest, or from outside, to where it arrives or ends; its answer's start.

Every step is asked of the picture first; what was wished says which thing should have been there. Neighbours are taken
to find each other, and guests to listen: nobody can see inside. Pure.
"""

from typing import Final

from kumoi.core.ids import NetworkId
from kumoi.core.plan import NicEntry
from kumoi.planning.explain import routes
from kumoi.planning.explain.case import Case, Stopped, Walk
from kumoi.planning.explain.filters import Crossing, cross
from kumoi.planning.explain.ground import Ground, within
from kumoi.planning.explain.router import Onward, pass_through
from kumoi.planning.explain.trip import Trip, answer, first

_MOST_ROUTERS: Final = 16


def walk(case: Case) -> Walk:
    """The way there; where it arrives at a guest, also the first steps of the answer, where answers get lost."""
    ground, there = Ground(case), Trip(first(case.probe))
    try:
        arrived = _go(ground, there, case)
    except Stopped as e:
        return Walk(hops=tuple(there.hops), stop=e.stop)
    if arrived is not None and case.probe.sender is not None:
        try:
            _answer(ground, there, arrived)
        except Stopped as e:
            return Walk(hops=tuple(there.hops), stop=e.stop, back=True)
    return Walk(hops=tuple(there.hops))


def _go(ground: Ground, trip: Trip, case: Case) -> NicEntry | None:
    """The guest at which it arrives; None where it arrives elsewhere: outside, at a router, at a service."""
    if case.probe.sender is None:
        onward: Onward | None = _from_outside(ground, trip)
    else:
        nic = ground.wished.nics[case.probe.sender]
        tap = _leave_guest(ground, trip, nic)
        onward = Onward(network=nic.network_id, hop=_next_hop(ground, nic, trip.packet.destination), port=tap)
    for _ in range(_MOST_ROUTERS):
        if onward is None:
            return None
        receiver = ground.owner(onward.network, onward.hop)
        _into_network(ground, trip, onward)
        if receiver is not None:
            _to_guest(ground, trip, onward, receiver)
            return receiver
        onward = _on(ground, trip, onward)
    raise Stopped("loop", destination=trip.packet.destination)


def _answer(ground: Ground, there: Trip, nic: NicEntry) -> None:
    """Whether the guest's answer finds out again, the way that the question came."""
    back = Trip(answer(there.packet))
    asker = there.packet.source
    _leave_guest(ground, back, nic)
    if ground.on_link(nic.network_id, asker):
        return
    hop = _next_hop(ground, nic, asker)
    found = ground.router_at(nic.network_id, hop)
    if found is None or found[0].id != there.came_by:
        raise Stopped("no_way_back", gateway=hop, name=ground.name(nic))


def _leave_guest(ground: Ground, trip: Trip, nic: NicEntry) -> str:
    """Its tap."""
    tap, packet = ground.check_guest(nic), trip.packet
    own = next((ip.address for ip in nic.fixed_ips if (":" in ip.address) == (packet.version == 6)), None)
    if own is None:
        raise Stopped("no_address", name=ground.name(nic), version=packet.version)
    packet.source = packet.source or own
    packet.source_mac = nic.mac.lower()
    trip.hop("from_guest", tap.name, name=ground.name(nic), source=own)
    return tap.name


def _next_hop(ground: Ground, nic: NicEntry, destination: str) -> str:
    """On the nic's network: the destination itself, or who leads there as guests are told."""
    if ground.on_link(nic.network_id, destination):
        return destination
    version = 6 if ":" in destination else 4
    own = {ip.subnet_id for ip in nic.fixed_ips}
    mine = [subnet for subnet in ground.subnets(nic.network_id) if subnet.id in own]
    for route in (route for subnet in mine for route in subnet.host_routes):
        if within(destination, route.destination):
            return route.nexthop
    gateway = next((s.gateway for s in mine if s.gateway and (":" in s.gateway) == (version == 6)), None)
    if gateway is None:
        raise Stopped("no_gateway", name=ground.name(nic), destination=destination)
    return gateway


def _into_network(ground: Ground, trip: Trip, onward: Onward) -> None:
    taps = ground.picture.taps
    sender = next((nic for nic in ground.wished.nics.values() if taps.get(nic.id) == onward.port), None)
    cross(ground, trip, Crossing(network=onward.network, direction="egress", entered=onward.port, nic=sender))


def _to_guest(ground: Ground, trip: Trip, onward: Onward, nic: NicEntry) -> None:
    tap = ground.check_guest(nic).name
    way = Crossing(network=onward.network, direction="ingress", entered=onward.port, leaves=tap, nic=nic)
    cross(ground, trip, way)
    trip.hop("to_guest", tap, name=ground.name(nic))


def _on(ground: Ground, trip: Trip, onward: Onward) -> Onward | None:
    """To a router and out of it, to a service, or to the world outside."""
    network, hop = onward.network, onward.hop
    found = ground.router_at(network, hop)
    if found is not None:
        vpc, leg = found
        ground.through_wire(vpc, leg)
        wire = ground.picture.legs.get(leg.nic_id, "")
        cross(ground, trip, Crossing(network=network, direction="ingress", entered=onward.port, leaves=wire))
        return pass_through(ground, trip, vpc, leg, hop)
    cross(ground, trip, Crossing(network=network, direction="ingress", entered=onward.port))
    if any(subnet.service_address == hop for subnet in ground.subnets(network)):
        service = ground.device(ground.picture.services.get(network, ""))
        if service is None:
            raise Stopped("no_services", network=network)
        trip.hop("to_services", service.name, address=hop)
    else:
        _leave_cloud(ground, trip, network, hop)
    return None


def _leave_cloud(ground: Ground, trip: Trip, network: NetworkId, hop: str) -> None:
    """By the cloud's foot on an external network, to wherever the cloud itself is led."""
    entry, destination = ground.wished.networks.get(network), trip.packet.destination
    if entry is not None and entry.physical:
        trip.hop("to_outside", ground.physical(entry).name, address=hop)
        return
    if entry is None or not entry.external:
        raise Stopped("nobody_has_address", address=hop, network=network)
    if hop == destination:
        trip.hop("to_outside", ground.bridge(network).name, address=hop)
        return
    foot = ground.foot(network)
    if all(text.partition("/")[0] != hop for text in foot.addresses):
        raise Stopped("foot_without_address", device=foot.name, address=hop)
    home = ground.home()
    way = routes.lead(home, destination)
    if way is None or way.device == foot.name:
        raise Stopped("no_uplink", destination=destination)
    if trip.packet.version not in home.forwards:
        raise Stopped("not_forwarding", where="", version=trip.packet.version)
    trip.hop("to_outside", way.device, address=destination)


def _from_outside(ground: Ground, trip: Trip) -> Onward:
    """To whichever external network the destination is on."""
    destination = trip.packet.destination
    for network in ground.wished.networks.values():
        if network.external and ground.on_link(network.id, destination):
            if network.physical:
                port = ground.physical(network).name
                trip.hop("from_physical", port, source=trip.packet.source, physical=network.physical)
                return Onward(network=network.id, hop=destination, port=port)
            trip.hop("from_outside", ground.foot(network.id).name, source=trip.packet.source)
            return Onward(network=network.id, hop=destination, port=ground.picture.feet[network.id][1])
    raise Stopped("not_reachable_from_outside", destination=destination)
