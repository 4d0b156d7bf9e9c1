"""What makes a subnet right: block, gateway, pools, name servers, routes. Pure."""

import msgspec

from kumoi.core import addressing
from kumoi.core.addressing import LONGEST_DHCP_PREFIX, Block
from kumoi.core.errors import Invalid
from kumoi.core.networks import Ipv6Mode, Pool, Route

SLAAC_PREFIXLEN = 64
ADVERTISES = "ipv6_ra"  # the capability of hosts that send router advertisements and answer DHCPv6
MOST_NAME_SERVERS = 5
MOST_ROUTES = 20


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A subnet's addresses, checked against each other and canonical."""

    cidr: str
    ip_version: int
    gateway: str | None
    pools: tuple[Pool, ...]
    dns_servers: tuple[str, ...]
    host_routes: tuple[Route, ...]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """As asked for. `gateway` "" means the first address, None none; `pools` None means all but the gateway."""

    cidr: str
    gateway: str | None = ""
    pools: tuple[Pool, ...] | None = None
    dhcp: bool = True
    dns_servers: tuple[str, ...] = ()
    host_routes: tuple[Route, ...] = ()
    self_addressed: bool = False


def plan(draft: Draft) -> Plan:
    """Raises Invalid naming the field."""
    block = addressing.block(draft.cidr)
    if draft.dhcp and block.version == 4:
        _check_dhcp(block)
    if draft.self_addressed and block.prefixlen != SLAAC_PREFIXLEN:
        raise Invalid("network", field="cidr", reason="slaac_prefixlen", value=str(block))
    gateway = addressing.default_gateway(block) if draft.gateway == "" else draft.gateway
    if gateway is not None:
        gateway = addressing.check_gateway(block, gateway)
    if draft.pools is None:
        pools = addressing.default_pools(block, gateway)
    else:
        pools = addressing.check_pools(block, draft.pools, gateway)
    return Plan(
        cidr=str(block),
        ip_version=block.version,
        gateway=gateway,
        pools=pools,
        dns_servers=_name_servers(draft.dns_servers),
        host_routes=routes(draft.host_routes, block.version),
    )


def check_modes(ra_mode: Ipv6Mode, address_mode: Ipv6Mode, ip_version: int, *, dhcp: bool) -> None:
    """Both the same where both are given; of IPv6 subnets that are served."""
    if not (ra_mode or address_mode):
        return
    if ip_version != 6:
        raise Invalid("network", field="address_mode", reason="modes_need_ipv6")
    if not dhcp:
        raise Invalid("network", field="address_mode", reason="modes_need_dhcp")
    if ra_mode and address_mode and ra_mode != address_mode:
        raise Invalid("network", field="address_mode", reason="modes_differ", value=address_mode, other=ra_mode)


def routes(wished: tuple[Route, ...], ip_version: int | None = None, field: str = "host_routes") -> tuple[Route, ...]:
    """Canonical; each once, no more than 20, destination and next hop of one version (the given one)."""
    if len(wished) > MOST_ROUTES:
        raise Invalid("network", field=field, reason="too_many", most=MOST_ROUTES)
    found = tuple(_route(r, ip_version, field) for r in wished)
    if len(set(found)) != len(found):
        raise Invalid("network", field=field, reason="twice")
    return found


def _route(route: Route, ip_version: int | None, field: str) -> Route:
    destination, hop = addressing.block(route.destination, field), addressing.address(route.nexthop, field)
    if hop.version != destination.version or ip_version not in {None, hop.version}:
        wanted = ip_version or destination.version
        raise Invalid("network", field=field, reason="wrong_ip_version", value=route.nexthop, wanted=wanted)
    return Route(destination=str(destination), nexthop=str(hop))


def _name_servers(wished: tuple[str, ...]) -> tuple[str, ...]:
    if len(wished) > MOST_NAME_SERVERS:
        raise Invalid("network", field="dns_servers", reason="too_many", most=MOST_NAME_SERVERS)
    found = tuple(str(addressing.address(s, "dns_servers")) for s in wished)
    if len(set(found)) != len(found):
        raise Invalid("network", field="dns_servers", reason="twice")
    return found


def _check_dhcp(block: Block) -> None:
    if block.prefixlen > LONGEST_DHCP_PREFIX[block.version]:
        raise Invalid("network", field="cidr", reason="too_small_for_dhcp", value=str(block))
    if block.is_multicast or block.is_loopback or block.is_link_local or int(block.network_address) >> 24 == 0:
        raise Invalid("network", field="cidr", reason="not_for_dhcp", value=str(block))
