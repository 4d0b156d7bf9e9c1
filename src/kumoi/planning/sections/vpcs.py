"""The router entries of a host's section."""

import msgspec

from kumoi.core.networks import Network, Subnet
from kumoi.core.nics import Nic
from kumoi.core.plan import VpcEntry
from kumoi.core.port_forwardings import PortForwarding
from kumoi.core.qos import Shaping, policy_of
from kumoi.core.vpcs import Floating, Forward, Leg, PublicAddress, Vpc


class VpcParts(msgspec.Struct, frozen=True, kw_only=True):
    """The rows around a router; `subnets` and `networks` by id, `shaping` by that of a QoS policy."""

    vpc: Vpc
    interfaces: tuple[Nic, ...]
    gateway: Nic | None
    networks: dict[str, Network]
    subnets: dict[str, Subnet]
    public: tuple[PublicAddress, ...]
    forwardings: tuple[PortForwarding, ...]
    shaping: dict[str, Shaping | None]


def vpc_entry(parts: VpcParts) -> VpcEntry:
    gateway = parts.gateway
    outer = [parts.subnets[ip.subnet_id].gateway for ip in gateway.fixed_ips] if gateway is not None else []
    hops = [hop for hop in outer if hop]
    return VpcEntry(
        id=parts.vpc.id,
        legs=tuple(leg(nic, parts) for nic in sorted(parts.interfaces, key=lambda n: n.id)),
        gateway=leg(gateway, parts) if gateway else None,
        default_via=next((hop for hop in hops if ":" not in hop), None),
        default_via6=next((hop for hop in hops if ":" in hop), None),
        snat=parts.vpc.snat,
        routes=parts.vpc.routes,
        floating=tuple(
            Floating(
                public=p.address,
                fixed=p.fixed_address,
                shaping=parts.shaping.get(p.qos_policy_id or parts.networks[p.network_id].qos_policy_id or ""),
            )
            for p in sorted(parts.public, key=lambda p: p.address)
            if p.fixed_address is not None
        ),
        forwards=_forwards(parts),
        shaping=_gateway_shaping(parts),
    )


def _forwards(parts: VpcParts) -> tuple[Forward, ...]:
    addresses = {p.id: p.address for p in parts.public}
    return tuple(
        Forward(public=addresses[f.public_id], protocol=f.protocol, outer=f.outer, fixed=f.address, inner=f.inner)
        for f in sorted(parts.forwardings, key=lambda f: f.id)
        if f.public_id in addresses
    )


def _gateway_shaping(parts: VpcParts) -> Shaping | None:
    gateway = parts.gateway
    if gateway is None:
        return None
    return parts.shaping.get(policy_of(gateway, parts.networks[gateway.network_id].qos_policy_id) or "")


def leg(nic: Nic, parts: VpcParts) -> Leg:
    """A leg with its addresses in `address/prefix` form."""
    network = parts.networks[nic.network_id]
    return Leg(
        nic_id=nic.id,
        network_id=nic.network_id,
        vni=network.vni,
        mac=nic.mac,
        addresses=tuple(f"{ip.address}/{parts.subnets[ip.subnet_id].cidr.rpartition('/')[2]}" for ip in nic.fixed_ips),
        mtu=network.mtu,
        fixed_ips=nic.fixed_ips,
    )
