"""A router's ways out inside a door's transaction: the first one, and others beside it.

Nothing here is saved but nics: the door that calls saves the router. What translates (`snat`) is one switch for all.
"""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.apart import check_gateway
from kumoi.app.networks.legs import public_of
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.nics import NicWish, drop_nic, make_nic
from kumoi.app.networks.qos_policies import chosen
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound
from kumoi.core.ids import NetworkId, ProjectId, QosPolicyId
from kumoi.core.nics import Nic
from kumoi.core.policy import allow
from kumoi.core.vpcs import Vpc

MOST_GATEWAYS = 8


class GatewayWish(msgspec.Struct, frozen=True, kw_only=True):
    """`snat` None: as it is (on for a new router). `fixed_ips` None: any, or those it has. `qos_policy_id` UNSET: as it
    is, or its network's."""

    network_id: NetworkId
    snat: bool | None = None
    fixed_ips: tuple[FixedWish, ...] | None = None
    qos_policy_id: QosPolicyId | UnsetType | None = UNSET


def authorise(call: Call, wishes: Iterable[GatewayWish]) -> None:
    """Its addresses, and whether it translates, are the provider's to choose."""
    for wish in wishes:
        if wish.snat is not None:
            allow(call, "vpc.snat")
        if wish.fixed_ips is not None:
            allow(call, "public_address.choose")


def gates_of(tx: Transaction, vpc: Vpc) -> list[Nic]:
    """The first one first."""
    ids = vpc.gateway_ids
    found = {nic.id: nic for nic in tx.nics.many(ids)}
    return [found[nic_id] for nic_id in ids if nic_id in found]


def with_first(tx: Transaction, house: House, call: Call, vpc: Vpc, wish: GatewayWish) -> Vpc:
    """The router with this first way out; the old one goes unless it serves the wish. Others stay."""
    network = _outer(tx, call, wish)
    there = tx.nics.get(vpc.gateway_nic_id) if vpc.gateway_nic_id is not None else None
    if there is not None and there.network_id == network and wish.fixed_ips is None:
        policy_id = chosen(tx, call, wish.qos_policy_id, there.qos_policy_id)
        if there.qos_policy_id != policy_id:
            tx.nics.save(replace(there, qos_policy_id=policy_id))
        return replace(vpc, snat=vpc.snat if wish.snat is None else wish.snat)
    if there is not None:
        _let_go(tx, house, call, vpc, there)
    others = gates_of(tx, vpc)[1 if there is not None else 0 :]
    vpc = replace(vpc, snat=(True if not others else vpc.snat) if wish.snat is None else wish.snat)
    return _through(vpc, [_made(tx, house, call, vpc, wish, there), *others])


def with_more(tx: Transaction, house: House, call: Call, vpc: Vpc, wishes: Iterable[GatewayWish]) -> Vpc:
    gates = gates_of(tx, vpc)
    for wish in wishes:
        vpc = _translating(vpc, wish, first=not gates)
        gates.append(_made(tx, house, call, vpc, wish))
    return _through(vpc, gates)


def with_exactly(tx: Transaction, house: House, call: Call, vpc: Vpc, wishes: tuple[GatewayWish, ...]) -> Vpc:
    """Those that serve a wish stay, the others go before new ones come: an address may pass from one to the next."""
    left = gates_of(tx, vpc)
    kept: dict[int, Nic] = {}
    for number, wish in enumerate(wishes):
        match = next((nic for nic in left if _serves(nic, wish)), None)
        if match is not None:
            left.remove(match)
            kept[number] = match
    for nic in left:
        _let_go(tx, house, call, vpc, nic)
    for number, wish in enumerate(wishes):
        vpc = _translating(vpc, wish, first=number == 0)
    gates = [kept[n] if n in kept else _made(tx, house, call, vpc, wish) for n, wish in enumerate(wishes)]
    return _through(vpc, gates)


def without(tx: Transaction, house: House, call: Call, vpc: Vpc, wishes: Iterable[GatewayWish]) -> Vpc:
    """Each wish takes one away that it describes. NotFound where there is none; InUse while addresses come in there."""
    left = gates_of(tx, vpc)
    for wish in wishes:
        match = next((nic for nic in left if _serves(nic, wish)), None)
        if match is None:
            raise NotFound("network", kind="gateway", id=wish.network_id, vpc=vpc.id)
        left.remove(match)
        _let_go(tx, house, call, _through(vpc, [*left, match]), match)
    return _through(vpc, left)


def without_any(tx: Transaction, house: House, call: Call, vpc: Vpc) -> Vpc:
    for public in public_of(tx, vpc.id) if vpc.gateway_nic_id is not None else ():
        raise InUse("network", kind="gateway", id=vpc.id, by_kind="public_address", by_id=public.id)
    for nic in gates_of(tx, vpc):
        if nic.deleted_at is None:
            drop_nic(tx, house, call, nic)
    return _through(vpc, [])


def _through(vpc: Vpc, gates: list[Nic]) -> Vpc:
    first = gates[0] if gates else None
    return replace(
        vpc,
        external_network_id=first.network_id if first is not None else None,
        gateway_nic_id=first.id if first is not None else None,
        more_gateways=tuple(nic.id for nic in gates[1:]),
        snat=vpc.snat if gates else True,
    )


def _translating(vpc: Vpc, wish: GatewayWish, *, first: bool) -> Vpc:
    if wish.snat is None or wish.snat == vpc.snat:
        return vpc
    if not first:
        raise Invalid("network", field="snat", reason="one_for_all", value=vpc.id)
    return replace(vpc, snat=wish.snat)


def _serves(nic: Nic, wish: GatewayWish) -> bool:
    if nic.network_id != wish.network_id:
        return False
    there = [(ip.subnet_id, ip.address) for ip in nic.fixed_ips]
    return all(
        any(w.address in {None, address} and w.subnet_id in {None, subnet} for subnet, address in there)
        for w in wish.fixed_ips or ()
    )


def _outer(tx: Transaction, call: Call, wish: GatewayWish) -> NetworkId:
    network = reading.visible(tx, call, NETWORKS, wish.network_id)
    if not network.external:
        raise Invalid("network", field="gateway", reason="not_external", value=network.id)
    return network.id


def _made(tx: Transaction, house: House, call: Call, vpc: Vpc, wish: GatewayWish, former: Nic | None = None) -> Nic:
    network_id = _outer(tx, call, wish)
    if len(vpc.gateway_ids) >= MOST_GATEWAYS:
        raise Invalid("network", field="gateway", reason="too_many", most=MOST_GATEWAYS)
    check_gateway(tx, vpc.id, network_id)
    policy = chosen(tx, call, wish.qos_policy_id, former.qos_policy_id if former is not None else None)
    place = NicWish(
        network_id=network_id,
        project_id=ProjectId(""),
        fixed_ips=wish.fixed_ips,
        qos_policy_id=policy,
        use="vpc_gateway",
        vpc_id=vpc.id,
        device_id=vpc.id,
        host_id=vpc.host_id,
    )
    return make_nic(tx, house, call, place)


def _let_go(tx: Transaction, house: House, call: Call, vpc: Vpc, nic: Nic) -> None:
    """InUse while public addresses of its network come in here, and by no other way."""
    others = [g for g in gates_of(tx, vpc) if g.id != nic.id and g.network_id == nic.network_id]
    for public in public_of(tx, vpc.id):
        if public.network_id == nic.network_id and not others:
            raise InUse("network", kind="gateway", id=vpc.id, by_kind="public_address", by_id=public.id)
    drop_nic(tx, house, call, nic)
