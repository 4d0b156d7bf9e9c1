"""When a router may answer outside for addresses behind it, inside a door's transaction: what NDP proxies hang on."""

from collections.abc import Container

from msgspec.structs import replace

from kumoi.app.networks.legs import gateways, subnets_of
from kumoi.app.writing import mark_vpc
from kumoi.contracts.store import Transaction
from kumoi.core.errors import InUse, Invalid
from kumoi.core.ids import VpcId
from kumoi.core.ndp_proxies import NdpProxy
from kumoi.core.networks import Subnet
from kumoi.core.nics import Nic
from kumoi.core.query import Query, eq
from kumoi.core.vpcs import Vpc


def outer_scopes(tx: Transaction, vpc_id: VpcId) -> set[str]:
    """The address scopes of IPv6 outside, by the router's ways out."""
    found = (scope_of(tx, s) for s in subnets_of(tx, gateways(tx, vpc_id)) if s.ip_version == 6)
    return {scope for scope in found if scope is not None}


def scope_of(tx: Transaction, subnet: Subnet) -> str | None:
    """Its address scope."""
    pool = tx.subnet_pools.get(subnet.pool_id) if subnet.pool_id is not None else None
    return pool.scope_id if pool is not None else None


def proxies_of(tx: Transaction, vpc_id: VpcId) -> list[NdpProxy]:
    found = tx.ndp_proxies.find(Query(filters=(eq("vpc_id", vpc_id),)))
    return sorted(found, key=lambda proxy: proxy.address)


def answering(tx: Transaction, was: Vpc, now: Vpc, *, asked: bool) -> Vpc:
    """The router after a change of its ways out or of its wish to answer, which is `asked`. Invalid where no way out
    has an address scope of IPv6; InUse where it answers for somebody and could no longer."""
    able = not now.ndp_proxy or bool(outer_scopes(tx, now.id))
    if now.ndp_proxy and not able and (asked or not was.ndp_proxy):
        raise Invalid("network", field="ndp_proxy", reason="no_scope_outside", value=now.id)
    if was.ndp_proxy and not (now.ndp_proxy and able):
        for proxy in proxies_of(tx, now.id):
            raise InUse("network", kind="gateway", id=now.id, by_kind="ndp_proxy", by_id=proxy.id)
    return now if able else replace(now, ndp_proxy=False)


def drop_proxies_to(tx: Transaction, nic: Nic, lost: Container[str]) -> None:
    """Of these addresses of the nic, which it has no longer."""
    for proxy in tx.ndp_proxies.find(Query(filters=(eq("nic_id", nic.id),))):
        if proxy.address in lost:
            tx.ndp_proxies.remove(proxy.id)
            vpc = tx.vpcs.get(proxy.vpc_id)
            mark_vpc(tx, proxy.vpc_id, vpc.host_id if vpc is not None else None)
