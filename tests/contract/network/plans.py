"""Small plans to be drawn: networks, nics, groups and routers with ids of their own."""

import uuid
from typing import Any

import msgspec

from kumoi.contracts.network import Filters, Segment
from kumoi.core.addressing import self_made
from kumoi.core.groups import SecurityRule
from kumoi.core.ids import GroupId, InstanceId, NetworkId, NicId, ProjectId, RuleId, SubnetId, VpcId
from kumoi.core.networks import Ipv6Mode
from kumoi.core.nics import FixedIp
from kumoi.core.plan import GroupEntry, MemberEntry, NetworkEntry, NicEntry, SubnetEntry, VpcEntry
from kumoi.core.vpcs import Leg

_marks = iter(range(1, 1 << 31))
_vnis = iter(range(1001, 1 << 24))


def new() -> str:
    return str(uuid.uuid4())


class Net(msgspec.Struct, frozen=True, kw_only=True):
    """A network with one IPv4 subnet; `host(5)` is an address of it, .1 its gateway and .2 the services'."""

    entry: NetworkEntry
    subnet: SubnetEntry
    prefix: str

    def host(self, number: int) -> str:
        return f"{self.prefix}.{number}"

    def nic(self, number: int, *groups: GroupEntry, **changed: Any) -> NicEntry:
        mark = next(_marks)
        fields = {
            "id": NicId(new()),
            "network_id": self.entry.id,
            "mac": f"02:00:00:{mark >> 16 & 255:02x}:{mark >> 8 & 255:02x}:{mark & 255:02x}",
            "mark": mark,
            "fixed_ips": (FixedIp(self.subnet.id, self.host(number)),),
            "group_ids": tuple(g.id for g in groups),
            "port_security": True,
            "admin_up": True,
            "instance_id": InstanceId(new()),
            "hostname": f"vm{number}",
        }
        return NicEntry(**(fields | changed))

    def six(self, mode: Ipv6Mode = "slaac", number: int = 1, **changed: Any) -> SubnetEntry:
        """An IPv6 subnet of the network, `fd00:N::/64`, with `::1` as gateway and `::2` as the services' address."""
        block = f"fd00:{number:x}:"
        fields = {
            "id": SubnetId(new()), "network_id": self.entry.id, "cidr": f"{block}:/64", "gateway": f"{block}:1",
            "dhcp": True, "service_address": f"{block}:2", "ra_mode": mode, "address_mode": mode,
        }  # fmt: skip
        return SubnetEntry(**(fields | changed))

    def dual(self, six: SubnetEntry, number: int, *groups: GroupEntry, **changed: Any) -> NicEntry:
        """A nic with addresses of both versions: the one that it makes itself where the subnet is of that kind."""
        nic = self.nic(number, *groups, **changed)
        own = self_made(six.cidr, nic.mac)
        if six.address_mode == "dhcpv6-stateful":
            own = six.cidr.replace("/64", f"{number:x}")
        return msgspec.structs.replace(nic, fixed_ips=(*nic.fixed_ips, FixedIp(six.id, own)))

    def changed(self, **subnet: Any) -> "Net":
        """The same network with another subnet."""
        return msgspec.structs.replace(self, subnet=msgspec.structs.replace(self.subnet, **subnet))

    def segment(self, *nics: NicEntry, services: bool = False, more: tuple[SubnetEntry, ...] = ()) -> Segment:
        """`services`: with DHCP, DNS and metadata. `more`: subnets beside the first."""
        subnet = self.subnet if services else msgspec.structs.replace(self.subnet, dhcp=False)
        return Segment(network=self.entry, subnets=(subnet, *more), nics=nics, local=frozenset(n.id for n in nics))

    def leg(self, number: int, mac: str, *more: str) -> Leg:
        """`more`: addresses with their prefixes beside the first."""
        return Leg(
            nic_id=NicId(new()),
            network_id=self.entry.id,
            vni=self.entry.vni,
            mac=mac,
            addresses=(f"{self.host(number)}/24", *more),
            mtu=self.entry.mtu,
        )


def net(prefix: str = "10.0.0", **changed: Any) -> Net:
    entry = NetworkEntry(id=NetworkId(new()), vni=next(_vnis), mtu=1450, dns_domain="cloud.example")
    subnet = SubnetEntry(
        id=SubnetId(new()),
        network_id=entry.id,
        cidr=f"{prefix}.0/24",
        gateway=f"{prefix}.1",
        dhcp=True,
        service_address=f"{prefix}.2",
    )
    return Net(entry=msgspec.structs.replace(entry, **changed), subnet=subnet, prefix=prefix)


def external() -> Net:
    return net("203.0.113", external=True)


def group(*rules: dict[str, Any], **changed: Any) -> GroupEntry:
    """A group with these rules and leave to send anything; `remote_group_id` "self" is the group itself."""
    group_id = GroupId(new())
    made = [
        SecurityRule(
            id=RuleId(new()),
            group_id=group_id,
            project_id=ProjectId(new()),
            **{"direction": "ingress", **{k: group_id if v == "self" else v for k, v in rule.items()}},
        )
        for rule in ({"direction": "egress"}, {"direction": "egress", "ether_type": "IPv6"}, *rules)
    ]
    return GroupEntry(id=group_id, rules=tuple(made), **changed)


def filters(groups: tuple[GroupEntry, ...], *nics: NicEntry) -> Filters:
    """The groups, with these nics as their members."""
    members = tuple(
        MemberEntry(id=nic.id, group_id=g, addresses=tuple(ip.address for ip in nic.fixed_ips))
        for nic in nics
        for g in nic.group_ids
    )
    return Filters(groups=groups, members=members)


def tcp(port: int, **more: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "port_min": port, "port_max": port, **more}


ANYONE = group(tcp(80), {"protocol": "icmp"})


def vpc(*legs: Leg, **changed: Any) -> VpcEntry:
    return VpcEntry(id=VpcId(new()), legs=legs, **changed)
