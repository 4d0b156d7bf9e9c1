"""The router entries of a host's section."""

import msgspec

from kumoi.core.conntrack_helpers import ConntrackHelper, Helped
from kumoi.core.metering import Metered
from kumoi.core.ndp_proxies import NdpProxy
from kumoi.core.networks import Network, Subnet
from kumoi.core.nics import Nic
from kumoi.core.plan import VpcEntry
from kumoi.core.port_forwardings import PortForwarding
from kumoi.core.qos import Shaping, policy_of
from kumoi.core.vpcs import Exit, Floating, Forward, Leg, PublicAddress, Vpc


class VpcParts(msgspec.Struct, frozen=True, kw_only=True):
    """The rows around a router. `gateways`: the first one first; `subnets` and `networks` by id, `shaping` by that of a
    QoS policy."""

    vpc: Vpc
    interfaces: tuple[Nic, ...]
    gateways: tuple[Nic, ...]
    networks: dict[str, Network]
    subnets: dict[str, Subnet]
    public: tuple[PublicAddress, ...]
    forwardings: tuple[PortForwarding, ...]
    shaping: dict[str, Shaping | None]
    metered: tuple[Metered, ...] = ()
    proxies: tuple[NdpProxy, ...] = ()
    helpers: tuple[ConntrackHelper, ...] = ()


def vpc_entry(parts: VpcParts) -> VpcEntry:
    first, *others = parts.gateways or (None,)
    via, via6 = _hops(first, parts) if first is not None else (None, None)
    return VpcEntry(
        id=parts.vpc.id,
        legs=tuple(leg(nic, parts) for nic in sorted(parts.interfaces, key=lambda n: n.id)),
        gateway=leg(first, parts) if first is not None else None,
        default_via=via,
        default_via6=via6,
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
        more=_exits([nic for nic in others if nic is not None], parts),
        ecmp=parts.vpc.ecmp,
        metered=parts.metered,
        published=tuple(sorted(p.address for p in parts.proxies)) if parts.vpc.ndp_proxy else (),
        helped=tuple(Helped(h.helper, h.protocol, h.port) for h in sorted(parts.helpers, key=lambda h: h.id)),
    )


def _hops(gateway: Nic, parts: VpcParts) -> tuple[str | None, str | None]:
    """The next hops there, of IPv4 and IPv6."""
    hops = [hop for ip in gateway.fixed_ips if (hop := parts.subnets[ip.subnet_id].gateway)]
    return next((hop for hop in hops if ":" not in hop), None), next((hop for hop in hops if ":" in hop), None)


def _exits(others: list[Nic], parts: VpcParts) -> tuple[Exit, ...]:
    """A public address comes in by the first gateway of its network."""
    taken = {nic.network_id for nic in parts.gateways[:1]}
    found: list[Exit] = []
    for nic in others:
        own = {p.address for p in parts.public if p.network_id == nic.network_id and nic.network_id not in taken}
        taken.add(nic.network_id)
        via, via6 = _hops(nic, parts)
        found.append(Exit(leg=leg(nic, parts), via=via, via6=via6, carries=tuple(sorted(own))))
    return tuple(found)


def _forwards(parts: VpcParts) -> tuple[Forward, ...]:
    addresses = {p.id: p.address for p in parts.public}
    return tuple(
        Forward(public=addresses[f.public_id], protocol=f.protocol, outer=f.outer, fixed=f.address, inner=f.inner)
        for f in sorted(parts.forwardings, key=lambda f: f.id)
        if f.public_id in addresses
    )


def _gateway_shaping(parts: VpcParts) -> Shaping | None:
    if not parts.gateways:
        return None
    gateway = parts.gateways[0]
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
