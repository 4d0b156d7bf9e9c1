"""Doors of VPCs (routers): create, read, update, delete. Their legs are `vpc_legs`."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.gateways import (
    GatewayWish,
    authorise,
    with_exactly,
    with_first,
    with_more,
    without,
    without_any,
)
from kumoi.app.networks.legs import interfaces, subnets_of
from kumoi.app.networks.publishing import answering
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.service_flavors import chosen_form
from kumoi.app.writing import Thing, charge, commit, mark_nic, mark_vpc, record
from kumoi.contracts.store import Transaction
from kumoi.core import addressing
from kumoi.core.call import Call
from kumoi.core.conntrack_helpers import ConntrackHelper
from kumoi.core.errors import InUse, Invalid
from kumoi.core.given import given
from kumoi.core.ids import HostId, ProjectId, ServiceFlavorId, VpcId
from kumoi.core.networks import Route
from kumoi.core.nics import Nic
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.subnet_rules import routes
from kumoi.core.vpcs import Vpc
from kumoi.planning.vpc_binding import router_hosts


class VpcWish(msgspec.Struct, frozen=True, kw_only=True):
    """`ha` None: it is; `distributed` None: it is not. `flavor_id` says both, and stands alone."""

    name: str = ""
    project_id: ProjectId | None = None
    description: str = ""
    admin_up: bool = True
    ha: bool | None = None
    distributed: bool | None = None
    flavor_id: ServiceFlavorId | None = None
    ecmp: bool = False
    ndp_proxy: bool = False
    gateway: GatewayWish | None = None
    cidr: str = ""


class VpcChange(msgspec.Struct, frozen=True, kw_only=True):
    """`gateway`: the first way out; None takes all away. `ecmp`: everything goes out by all of them in turn."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    admin_up: bool | UnsetType = UNSET
    ha: bool | UnsetType = UNSET
    distributed: bool | UnsetType = UNSET
    ecmp: bool | UnsetType = UNSET
    ndp_proxy: bool | UnsetType = UNSET
    gateway: GatewayWish | UnsetType | None = UNSET
    routes: tuple[Route, ...] | UnsetType = UNSET
    if_generation: int | None = None


class VpcView(msgspec.Struct, frozen=True, kw_only=True):
    """`gateways`: the first one first."""

    vpc: Vpc
    gateways: tuple[Nic, ...]
    tags: tuple[str, ...]
    helpers: tuple[ConntrackHelper, ...] = ()

    @property
    def gateway(self) -> Nic | None:
        return self.gateways[0] if self.gateways else None


def _views(tx: Transaction, rows: list[Vpc]) -> list[VpcView]:
    gateways = {n.id: n for n in tx.nics.many(tuple(nic_id for r in rows for nic_id in r.gateway_ids))}
    tags = reading.tags_of(tx, "vpc", rows)
    helpers: dict[str, list[ConntrackHelper]] = {}
    for one in tx.conntrack_helpers.find(Query(filters=(is_in("vpc_id", tuple(r.id for r in rows)),))) if rows else ():
        helpers.setdefault(one.vpc_id, []).append(one)
    return [
        VpcView(
            vpc=r,
            gateways=tuple(gateways[nic_id] for nic_id in r.gateway_ids if nic_id in gateways),
            tags=tags.get(r.id, ()),
            helpers=tuple(helpers.get(r.id, ())),
        )
        for r in rows
    ]


VPCS: Noun[Vpc, VpcView] = Noun(
    kind="vpc", action="vpc", rows=lambda tx: tx.vpcs, views=_views, listed=reading.own, shown=reading.never
)


def create_vpc(house: House, call: Call, wish: VpcWish) -> VpcView:
    """Bound to a host that can route at once, if there is one; otherwise control binds it when one appears."""
    allow(call, "vpc.create")
    authorise(call, [wish.gateway] if wish.gateway is not None else [])
    if wish.ha is not None or wish.distributed is not None:
        allow(call, "vpc.form")
        if wish.flavor_id is not None:
            raise Invalid("network", field="flavor_id", reason="one_of", names=["flavor_id", "ha", "distributed"])
    host_id = choose_host(house, call)
    return commit(house, lambda tx: _views(tx, [make_vpc(tx, house, call, wish, host_id)]))[0]


def make_vpc(tx: Transaction, house: House, call: Call, wish: VpcWish, host_id: HostId | None) -> Vpc:
    """Inside a transaction; its caller has authorised."""
    project_id = reading.project_for(call, wish.project_id)
    form = chosen_form(tx, call, wish.flavor_id) if wish.flavor_id is not None else None
    vpc = Vpc(
        id=VpcId(house.chance.uuid()),
        project_id=project_id,
        name=wish.name,
        description=wish.description,
        admin_up=wish.admin_up,
        ha=wish.ha is not False if form is None else form in {"ha", "distributed_ha"},
        distributed=bool(wish.distributed) if form is None else form in {"distributed", "distributed_ha"},
        flavor_id=wish.flavor_id,
        ecmp=wish.ecmp,
        cidr=wish.cidr,
        host_id=host_id,
        created_at=call.now,
        updated_at=call.now,
    )
    charge(tx, project_id, vpc.id, vpcs=1)
    tx.vpcs.insert(vpc)
    if wish.gateway is not None:
        vpc = tx.vpcs.save(with_first(tx, house, call, vpc, wish.gateway))
    if wish.ndp_proxy:
        vpc = tx.vpcs.save(answering(tx, vpc, replace(vpc, ndp_proxy=True), asked=True))
    mark_vpc(tx, vpc.id, vpc.host_id)
    record(tx, house, call, "vpc.create", Thing("vpc", vpc.id, project_id))
    return vpc


def update_vpc(house: House, call: Call, vpc_id: VpcId, change: VpcChange) -> VpcView:
    """Raises InUse when the gateway carries public addresses, Invalid for routes that lead nowhere, and for a router
    that is up and shall be distributed, or no longer."""
    allow(call, "vpc.update")
    authorise(call, [change.gateway] if isinstance(change.gateway, GatewayWish) else [])
    if change.ha is not UNSET or change.distributed is not UNSET:
        allow(call, "vpc.form")

    def write(tx: Transaction) -> list[VpcView]:
        vpc = reading.owned(tx, call, VPCS, vpc_id, "update")
        reading.check_generation(VPCS, vpc, change.if_generation)
        changed = replace(vpc, **given(change, "if_generation", "gateway"), updated_at=call.now)
        if changed.distributed != vpc.distributed and vpc.admin_up and changed.admin_up:
            raise Invalid("network", field="distributed", reason="router_is_up", value=vpc.id)
        if change.gateway is None:
            changed = without_any(tx, house, call, changed)
        elif isinstance(change.gateway, GatewayWish):
            changed = with_first(tx, house, call, changed, change.gateway)
        changed = answering(tx, vpc, changed, asked=change.ndp_proxy is True)
        if change.routes is not UNSET:
            changed = replace(changed, routes=check_routes(tx, changed, changed.routes))
        saved = tx.vpcs.save(changed)
        mark_vpc(tx, saved.id, saved.host_id)
        record(tx, house, call, "vpc.update", Thing("vpc", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def change_gateways(
    house: House, call: Call, vpc_id: VpcId, wishes: tuple[GatewayWish, ...], how: Literal["more", "exactly", "without"]
) -> VpcView:
    """More ways out, exactly these, or without those that are described. InUse while public addresses come in there."""
    allow(call, "vpc.update")
    if how != "without":
        authorise(call, wishes)
    act = {"more": with_more, "exactly": with_exactly, "without": without}[how]

    def write(tx: Transaction) -> list[VpcView]:
        vpc = reading.owned(tx, call, VPCS, vpc_id, "update")
        changed = answering(tx, vpc, act(tx, house, call, vpc, wishes), asked=False)
        saved = tx.vpcs.save(replace(changed, updated_at=call.now))
        mark_vpc(tx, saved.id, saved.host_id)
        record(tx, house, call, "vpc.update", Thing("vpc", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def change_routes(house: House, call: Call, vpc_id: VpcId, given: tuple[Route, ...], *, more: bool) -> VpcView:
    """Add routes to those there are, or take some away; what is there already, or not there, is no matter."""
    allow(call, "vpc.update")

    def write(tx: Transaction) -> list[VpcView]:
        vpc = reading.owned(tx, call, VPCS, vpc_id, "update")
        if more:
            wanted = (*vpc.routes, *(r for r in given if r not in vpc.routes))
        else:
            wanted = tuple(r for r in vpc.routes if r not in given)
        saved = tx.vpcs.save(replace(vpc, routes=check_routes(tx, vpc, wanted), updated_at=call.now))
        mark_vpc(tx, saved.id, saved.host_id)
        record(tx, house, call, "vpc.update", Thing("vpc", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_vpc(house: House, call: Call, vpc_id: VpcId) -> None:
    """InUse while it has legs. Its gateway goes with it."""
    allow(call, "vpc.delete")

    def write(tx: Transaction) -> None:
        vpc = reading.owned(tx, call, VPCS, vpc_id, "delete")
        for nic in interfaces(tx, vpc.id):
            raise InUse("network", kind="vpc", id=vpc.id, by_kind="nic", by_id=nic.id)
        vpc = without_any(tx, house, call, vpc)
        mark_vpc(tx, vpc.id, vpc.host_id)
        tx.counters.give_back(vpc.id, "project/")
        tx.labels.drop("vpc", vpc.id)
        for helper in tx.conntrack_helpers.find(Query(filters=(eq("vpc_id", vpc.id),))):
            tx.conntrack_helpers.remove(helper.id)
        if vpc.host_id is None:
            tx.vpcs.remove(vpc.id)
        else:
            tx.vpcs.save(replace(vpc, deleted_at=call.now, updated_at=call.now))
        record(tx, house, call, "vpc.delete", Thing("vpc", vpc.id, vpc.project_id))

    commit(house, write)


def bind_vpc(tx: Transaction, vpc: Vpc, host_id: HostId | None) -> Vpc:
    """Move a router, its legs and what it carries to a host (`control` calls this; doors bind at creation)."""
    mark_vpc(tx, vpc.id, vpc.host_id)
    saved = tx.vpcs.save(replace(vpc, host_id=host_id))
    for nic in tx.nics.find(Query(filters=(eq("vpc_id", vpc.id), alive()))):
        mark_nic(tx, tx.nics.save(replace(nic, host_id=host_id)))
    mark_vpc(tx, vpc.id, host_id)
    return saved


def check_routes(tx: Transaction, vpc: Vpc, wished: tuple[Route, ...]) -> tuple[Route, ...]:
    """Every next hop lies on a subnet of a leg or of the gateway and is not the router's own address."""
    found = routes(wished, field="routes")
    legs = tx.nics.find(Query(filters=(eq("vpc_id", vpc.id), alive())))
    cidrs = [s.cidr for s in subnets_of(tx, legs)]
    own = {ip.address for nic in legs for ip in nic.fixed_ips}
    for route in found:
        if route.nexthop in own or not any(addressing.contains(cidr, route.nexthop) for cidr in cidrs):
            raise Invalid("network", field="routes", reason="next_hop_unreachable", value=route.nexthop)
    return found


def choose_host(house: House, call: Call) -> HostId | None:
    """Any host that can route; a remembered picture first, a fresh one before giving up."""
    for afresh in (False, True):
        hosts = router_hosts((r.host for r in house.rooms.look(call.now, afresh=afresh)), call.now)
        if hosts:
            return hosts[house.chance.below(len(hosts))]
    return None
