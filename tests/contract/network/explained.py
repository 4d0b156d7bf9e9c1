"""A scene for whoever explains packets: two networks behind a router with a way out, as it was wished and as it stands.

`python -m tests.contract.network.explained` writes the kernel's own picture of it for the pure tests.
"""

from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from tests.contract.network.linux_rig import linux_rig
from tests.contract.network.plans import Net, external, filters, group, net, tcp, vpc
from tests.contract.network.rig import Rig

from kumoi.core.ids import InstanceId, NicId
from kumoi.core.pictures import Picture, Scope
from kumoi.core.plan import NicEntry
from kumoi.core.port_forwardings import Ports
from kumoi.core.qos import Shaping
from kumoi.core.vpcs import Floating, Forward
from kumoi.planning.explain.case import Wished

GOLDEN = Path("tests/unit/planning/explained.json")
WEB = group(tcp(80), {"protocol": "icmp"})
SLOW = Shaping(egress_kbps=80_000, egress_burst_kbit=8_000, ingress_kbps=80_000, ingress_burst_kbit=8_000)
FRIENDS = group(tcp(22, remote_group_id="self"))


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """`a` (with a public address) and `c` share a network, `b` is on the other one."""

    wished: Wished
    picture: Picture
    a: NicId
    b: NicId
    c: NicId


class Scene:
    """Drawn in a rig, without guests' insides: taps are all that a picture shows of them."""

    def __init__(self, rig: Rig, outside: Net | None = None) -> None:
        self.rig = rig
        self.one, self.two, self.outside = net("10.0.1"), net("10.0.2"), outside or external()
        self.a = self.one.nic(11, WEB, FRIENDS, hostname="web", shaping=SLOW)
        self.b = self.two.nic(12, WEB, hostname="db")
        self.c = self.one.nic(13, FRIENDS, hostname="friend")
        self.filters = filters((WEB, FRIENDS), *self.nics)
        rig.network.ensure_filters(self.filters, self.nics)
        self.segments = (
            self.one.segment(self.a, self.c, services=True),
            self.two.segment(self.b),
            self.outside.segment(),
        )
        for segment in self.segments:
            rig.network.ensure_segment(segment)
        gateway = self.outside.leg(100, "02:aa:00:00:00:02")
        self.vpc = vpc(
            self.one.leg(1, "02:aa:00:00:00:01"),
            self.two.leg(1, "02:aa:00:00:00:03"),
            gateway=gateway,
            default_via=self.outside.host(1),
            floating=(Floating(public=self.outside.host(200), fixed=self.one.host(11), shaping=SLOW),),
            forwards=tuple(
                Forward(public=self.outside.host(202), protocol="tcp", outer=o, fixed=self.two.host(12), inner=i)
                for o, i in ((Ports(8080, 8080), Ports(80, 80)), (Ports(80, 90), Ports(80, 90)))
            ),
        )
        rig.network.ensure_vpc(self.vpc)
        for nic, place in ((self.a, self.one), (self.b, self.two), (self.c, self.one)):
            rig.plug(nic, place.entry, gateway=place.host(1))

    @property
    def nics(self) -> tuple[NicEntry, ...]:
        return (self.a, self.b, self.c)

    def wished(self) -> Wished:
        return Wished(
            networks={s.network.id: s.network for s in self.segments},
            subnets=tuple(subnet for s in self.segments for subnet in s.subnets),
            nics={nic.id: nic for nic in self.nics},
            vpcs={self.vpc.id: self.vpc},
            groups={g.id: g for g in (WEB, FRIENDS)},
            members=self.filters.members,
            nowhere=frozenset({self.outside.host(201)}),
        )

    def picture(self) -> Picture:
        """All of it, with every guest running."""
        wished = self.wished()
        scope = Scope(networks=tuple(wished.networks), vpcs=tuple(wished.vpcs), nics=tuple(wished.nics))
        powers = {nic.instance_id or InstanceId(""): "running" for nic in self.nics}
        return replace(self.rig.network.picture(scope), powers=powers)

    def golden(self) -> Golden:
        return Golden(wished=self.wished(), picture=self.picture(), a=self.a.id, b=self.b.id, c=self.c.id)


def lead_out(linux: Any) -> None:
    """The namespace gets a way to the rest of the world, as a cloud's has one."""
    for words in (
        "link add up0 type veth peer up1", "link set up1 up", "addr add 192.0.2.2/24 dev up0", "link set up0 up",
        "route add default via 192.0.2.1",
    ):  # fmt: skip
        linux.shell("ip", *words.split())
    linux.shell("sysctl", "-qw", "net.ipv4.ip_forward=1")


if __name__ == "__main__":
    with linux_rig() as made:
        lead_out(made)
        GOLDEN.write_bytes(msgspec.json.format(msgspec.json.encode(Scene(made).golden()), indent=1) + b"\n")
