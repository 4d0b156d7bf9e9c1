"""What of networks stands in a fake world, in a kernel's words: devices, addresses and routes. Rules it has none."""

from collections.abc import Iterator
from ipaddress import ip_network

from kumoi.adapters.fake.compute import bridge_name
from kumoi.adapters.fake.world import World
from kumoi.contracts.network import Segment
from kumoi.core.ids import VpcId
from kumoi.core.nics import tap_name
from kumoi.core.pictures import Picture, Scope, SeenDevice, SeenRoom, SeenRoute
from kumoi.core.plan import VpcEntry
from kumoi.core.vpcs import Leg

_BOTH = (4, 6)


def take(world: World, scope: Scope) -> Picture:
    """Under the world's lock."""
    segments = {n: s for n, s in world.segments.items() if n in scope.networks}
    vpcs = {v: vpc for v, vpc in world.vpcs.items() if v in scope.vpcs}
    taps = {nic: tap_name(nic) for nic in scope.nics}
    legs = {leg.nic_id: _wire(leg) for vpc in vpcs.values() for leg in vpc.all_legs}
    plugged = {tap: plug for one in world.machines.values() for tap, plug in one.plugged.items()}
    home = (
        SeenDevice(name="lo", kind="", up=True, addresses=("127.0.0.1/8", "::1/128")),
        *(device for segment in segments.values() for device in _of_segment(segment)),
        *(
            SeenDevice(name=tap, kind="tun", up=True, master=plug.bridge, mac=plug.mac)
            for tap, plug in plugged.items()
            if tap in taps.values()
        ),
        *(
            SeenDevice(name=_wire(leg), kind="veth", up=True, master=bridge_name(leg.vni))
            for vpc in vpcs.values()
            for leg in vpc.all_legs
        ),
    )
    return Picture(
        rooms=(SeenRoom(name="", devices=home, forwards=_BOTH), *(_router(vpc) for vpc in vpcs.values())),
        bridges={n: bridge_name(s.network.vni) for n, s in segments.items()},
        taps=taps,
        legs=legs,
        rooms_of={vpc: _room(vpc) for vpc in scope.vpcs},
        feet={n: (f"gw-{s.network.vni}", f"gp-{s.network.vni}") for n, s in segments.items()},
        physical={n: f"vl-{s.network.vni}" for n, s in segments.items() if s.network.physical},
        services={n: f"ns-{s.network.vni}" for n, s in segments.items()},
    )


def _of_segment(segment: Segment) -> Iterator[SeenDevice]:
    network, bridge = segment.network, bridge_name(segment.network.vni)
    yield SeenDevice(name=bridge, kind="bridge", up=True, mtu=network.mtu, filtered=True)
    if any(subnet.dhcp for subnet in segment.subnets):
        yield SeenDevice(name=f"ns-{network.vni}", kind="veth", up=True, master=bridge)
    gateways = tuple(f"{s.gateway}/{ip_network(s.cidr).prefixlen}" for s in segment.subnets if s.gateway)
    if network.physical:
        yield SeenDevice(name=f"vl-{network.vni}", kind="veth", up=True, master=bridge)
    elif network.external and gateways:
        yield SeenDevice(name=f"gw-{network.vni}", kind="veth", up=True, addresses=gateways)
        yield SeenDevice(name=f"gp-{network.vni}", kind="veth", up=True, master=bridge)


def _router(vpc: VpcEntry) -> SeenRoom:
    carried = {way.leg.nic_id: tuple(f"{public}/32" for public in way.carries) for way in vpc.exits}
    default = (("0.0.0.0/0", vpc.default_via), ("::/0", vpc.default_via6))
    ways = (*((route.destination, route.nexthop) for route in vpc.routes), *default)
    return SeenRoom(
        name=_room(vpc.id),
        devices=tuple(
            SeenDevice(
                name=_wire(leg),
                kind="veth",
                up=True,
                mac=leg.mac,
                addresses=(*leg.addresses, *carried.get(leg.nic_id, ())),
            )
            for leg in vpc.all_legs
        ),
        routes=tuple(SeenRoute(destination=destination, via=via) for destination, via in ways if via),
        forwards=_BOTH,
    )


def _wire(leg: Leg) -> str:
    return f"qr-{leg.nic_id[:11]}"


def _room(vpc: VpcId) -> str:
    return f"qrouter-{vpc}"
