"""Doors of NDP proxies, and when a router may answer for the addresses behind it."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.legs import interfaces, subnets_of
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.publishing import outer_scopes, scope_of
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.writing import Thing, commit, mark_vpc, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid
from kumoi.core.given import given
from kumoi.core.ids import NdpProxyId, NicId, ProjectId, VpcId
from kumoi.core.ndp_proxies import NdpProxy
from kumoi.core.nics import FixedIp, Nic
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.vpcs import Vpc


class NdpProxyWish(msgspec.Struct, frozen=True, kw_only=True):
    """`address` None: the nic's first one that the router reaches."""

    vpc_id: VpcId
    nic_id: NicId
    address: str | None = None
    name: str = ""
    description: str = ""
    project_id: ProjectId | None = None


class NdpProxyChange(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    if_generation: int | None = None


NDP_PROXIES: Noun[NdpProxy, NdpProxy] = Noun(
    kind="ndp_proxy",
    action="ndp_proxy",
    rows=lambda tx: tx.ndp_proxies,
    views=lambda _tx, rows: rows,
    listed=reading.own,
    shown=reading.never,
    mortal=False,
)


def create_ndp_proxy(house: House, call: Call, wish: NdpProxyWish) -> NdpProxy:
    """Invalid for a router that answers for nobody, and for an address that it does not reach or that is of another
    address scope than its external network; InUse for one that is published already."""
    allow(call, "ndp_proxy.create")

    def write(tx: Transaction) -> NdpProxy:
        vpc = reading.owned(tx, call, VPCS, wish.vpc_id, "update")
        nic = reading.owned(tx, call, NICS, wish.nic_id, "update")
        if not vpc.ndp_proxy:
            raise Invalid("network", field="vpc_id", reason="answers_for_nobody", value=vpc.id)
        fixed = _published(tx, vpc, nic, wish.address)
        for other in tx.ndp_proxies.find(Query(filters=(eq("vpc_id", vpc.id), eq("address", fixed.address)))):
            raise InUse("network", kind="published_address", id=fixed.address, by_kind="ndp_proxy", by_id=other.id)
        made = NdpProxy(
            id=NdpProxyId(house.chance.uuid()),
            project_id=reading.project_for(call, wish.project_id),
            vpc_id=vpc.id,
            nic_id=nic.id,
            address=fixed.address,
            name=wish.name,
            description=wish.description,
            created_at=call.now,
            updated_at=call.now,
        )
        tx.ndp_proxies.insert(made)
        mark_vpc(tx, vpc.id, vpc.host_id)
        _record(tx, house, call, made, "create")
        return made

    return commit(house, write)


def update_ndp_proxy(house: House, call: Call, proxy_id: NdpProxyId, change: NdpProxyChange) -> NdpProxy:
    allow(call, "ndp_proxy.update")

    def write(tx: Transaction) -> NdpProxy:
        was = reading.owned(tx, call, NDP_PROXIES, proxy_id, "update")
        reading.check_generation(NDP_PROXIES, was, change.if_generation)
        saved = tx.ndp_proxies.save(replace(was, **given(change, "if_generation"), updated_at=call.now))
        _record(tx, house, call, saved, "update")
        return saved

    return commit(house, write)


def delete_ndp_proxy(house: House, call: Call, proxy_id: NdpProxyId) -> None:
    allow(call, "ndp_proxy.delete")

    def write(tx: Transaction) -> None:
        gone = reading.owned(tx, call, NDP_PROXIES, proxy_id, "delete")
        tx.ndp_proxies.remove(gone.id)
        vpc = tx.vpcs.get(gone.vpc_id)
        if vpc is not None:
            mark_vpc(tx, vpc.id, vpc.host_id)
        _record(tx, house, call, gone, "delete")

    commit(house, write)


def _published(tx: Transaction, vpc: Vpc, nic: Nic, wished: str | None) -> FixedIp:
    """The address of the nic that the router is to answer for."""
    reached = {ip.subnet_id for leg in interfaces(tx, vpc.id) for ip in leg.fixed_ips}
    outer, subnets = outer_scopes(tx, vpc.id), {s.id: s for s in subnets_of(tx, [nic])}
    for fixed in nic.fixed_ips:
        subnet = subnets[fixed.subnet_id]
        if subnet.ip_version != 6 or wished not in {None, fixed.address}:
            continue
        if fixed.subnet_id not in reached:
            raise Invalid("network", field="nic_id", reason="router_not_there", value=nic.id)
        if scope_of(tx, subnet) not in outer:
            raise Invalid("network", field="nic_id", reason="other_scope", value=fixed.address)
        return fixed
    raise Invalid("network", field="nic_id", reason="no_ipv6_address", value=wished or nic.id)


def _record(tx: Transaction, house: House, call: Call, one: NdpProxy, verb: str) -> None:
    record(tx, house, call, f"ndp_proxy.{verb}", Thing("ndp_proxy", one.id, one.project_id))
