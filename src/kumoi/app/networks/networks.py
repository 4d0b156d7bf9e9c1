"""Doors of networks: create, read, update, delete."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.nics import drop_nic, drop_public
from kumoi.app.networks.qos_policies import chosen, default_policy, reshape_network
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.segment_ranges import claim_vlan, claim_vni, vlan_claim
from kumoi.app.networks.sharing import Owned, drop_shares, set_for_all, shares_of, take_back
from kumoi.app.writing import Thing, charge, commit, mark_network, mark_nic, mark_subnet, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, Taken
from kumoi.core.given import given
from kumoi.core.ids import AddressScopeId, NetworkId, ProjectId, QosPolicyId
from kumoi.core.networks import LEAST_MTU, TUNNEL_BYTES, UNTAGGED, Network, Subnet, check_physical
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.quotas import Claim
from kumoi.core.segment_ranges import LAST_VNI


class NetworkWish(msgspec.Struct, frozen=True, kw_only=True):
    """`vni` None: any free one. `mtu` None: as much as the network carries. `qos_policy_id` UNSET: the project's
    default one. `physical`: the network outside that it is a part of; `vlan` None: any free one of its VLANs."""

    name: str = ""
    project_id: ProjectId | None = None
    description: str = ""
    admin_up: bool = True
    external: bool = False
    is_default: bool = False
    shared: bool = False
    port_security: bool = True
    mtu: int | None = None
    dns_domain: str = ""
    qos_policy_id: QosPolicyId | UnsetType | None = UNSET
    vni: int | None = None
    physical: str = ""
    vlan: int | None = UNTAGGED
    pvlan: bool = False


class NetworkChange(msgspec.Struct, frozen=True, kw_only=True):
    """`if_generation`: only if nobody changed it since."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    admin_up: bool | UnsetType = UNSET
    external: bool | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    shared: bool | UnsetType = UNSET
    port_security: bool | UnsetType = UNSET
    mtu: int | UnsetType = UNSET
    dns_domain: str | UnsetType = UNSET
    qos_policy_id: QosPolicyId | UnsetType | None = UNSET
    if_generation: int | None = None


class NetworkView(msgspec.Struct, frozen=True, kw_only=True):
    """`targets`: whom it is shared with. `scopes`: the address scope of its subnets' pool, by IP version."""

    network: Network
    subnet_ids: tuple[str, ...]
    tags: tuple[str, ...]
    targets: tuple[str, ...]
    scopes: dict[int, AddressScopeId]


def _views(tx: Transaction, rows: list[Network]) -> list[NetworkView]:
    ids = tuple(r.id for r in rows)
    subnets: dict[str, list[Subnet]] = {}
    for subnet in tx.subnets.find(Query(filters=(is_in("network_id", ids), alive()))) if ids else ():
        subnets.setdefault(subnet.network_id, []).append(subnet)
    tags = reading.tags_of(tx, "network", rows)
    targets = reading.targets_of(tx, "network", ids)
    pools = tuple({s.pool_id for found in subnets.values() for s in found if s.pool_id})
    scopes = {p.id: p.scope_id for p in tx.subnet_pools.many(pools)}
    return [
        NetworkView(
            network=r,
            subnet_ids=tuple(s.id for s in subnets.get(r.id, ())),
            tags=tags.get(r.id, ()),
            targets=targets.get(r.id, ()),
            scopes={s.ip_version: scope for s in subnets.get(r.id, ()) if s.pool_id and (scope := scopes[s.pool_id])},
        )
        for r in rows
    ]


NETWORKS: Noun[Network, NetworkView] = Noun(
    kind="network",
    action="network",
    rows=lambda tx: tx.networks,
    views=_views,
    listed=reading.own_and_shared("network"),
    shown=reading.shown_if_shared("network"),
)


def create_networks(house: House, call: Call, wishes: tuple[NetworkWish, ...]) -> list[NetworkView]:
    """All of them or none."""
    allow(call, "network.create")
    for wish in wishes:
        check_wish(house, call, wish)
    return commit(house, lambda tx: _views(tx, [make_network(tx, house, call, wish) for wish in wishes]))


def update_network(house: House, call: Call, network_id: NetworkId, change: NetworkChange) -> NetworkView:
    """Raises InUse when what makes it shared or external is still made use of."""
    allow(call, "network.update")
    _authorise(call, change)

    def write(tx: Transaction) -> list[NetworkView]:
        network = reading.owned(tx, call, NETWORKS, network_id, "update")
        reading.check_generation(NETWORKS, network, change.if_generation)
        changed = replace(
            network,
            **given(change, "if_generation", "shared", "qos_policy_id"),
            qos_policy_id=chosen(tx, call, change.qos_policy_id, network.qos_policy_id),
            updated_at=call.now,
        )
        if changed.mtu != network.mtu:
            _mtu(house, changed.mtu, tunnelled=_tunnelled(changed))
        _check_still_used(tx, network, changed)
        _share(
            tx, house, call, changed, change.shared, UNSET if changed.external == network.external else change.external
        )
        saved = tx.networks.save(changed)
        mark_network(tx, saved.id)
        if saved.mtu != network.mtu:
            for subnet in tx.subnets.find(Query(filters=(eq("network_id", saved.id), alive()))):
                check_carries(saved.mtu, subnet.ip_version)
            for nic in tx.nics.find(Query(filters=(eq("network_id", saved.id), alive()))):
                mark_nic(tx, nic)
        if saved.qos_policy_id != network.qos_policy_id:
            reshape_network(tx, saved.id)
        record(tx, house, call, "network.update", Thing("network", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_network(house: House, call: Call, network_id: NetworkId) -> None:
    """With its subnets, its service nic, public addresses that lead nowhere. InUse while any other nic is on it."""
    allow(call, "network.delete")

    def write(tx: Transaction) -> None:
        network = reading.owned(tx, call, NETWORKS, network_id, "delete")
        for public in tx.public_addresses.find(Query(filters=(eq("network_id", network.id), alive()))):
            if public.nic_id is None:
                drop_public(tx, house, call, public)
        nics = tx.nics.find(Query(filters=(eq("network_id", network.id), alive())))
        for nic in nics:
            if nic.use != "dhcp":
                raise InUse("network", kind="network", id=network.id, by_kind="nic", by_id=nic.id)
        for nic in nics:
            drop_nic(tx, house, call, nic)
        for subnet in tx.subnets.find(Query(filters=(eq("network_id", network.id), alive()))):
            tx.subnets.save(replace(subnet, deleted_at=call.now, updated_at=call.now))
            tx.counters.give_back(subnet.id, "project/")
            tx.labels.drop("subnet", subnet.id)
            mark_subnet(tx, network.id, subnet.id)
        tx.networks.save(replace(network, deleted_at=call.now, updated_at=call.now))
        tx.counters.give_back(network.id, "project/")
        tx.labels.drop("network", network.id)
        drop_shares(tx, shared_network(network))
        mark_network(tx, network.id)
        record(tx, house, call, "network.delete", Thing("network", network.id, network.project_id))

    commit(house, write)


def check_wish(house: House, call: Call, wish: NetworkWish) -> None:
    """What needs no look at what is there: the rights to what is wished, and its figures."""
    _authorise(call, wish)
    if wish.physical:
        check_physical(wish.physical, wish.vlan)
    _mtu(house, wish.mtu, tunnelled=_tunnelled(wish))


def _tunnelled(one: NetworkWish | Network) -> bool:
    """Between hosts: what leads out and what is outside is not."""
    return not one.external and not one.physical


def _mtu(house: House, wished: int | None, *, tunnelled: bool) -> int:
    """In bytes, no more than what is below carries."""
    most = house.rules.underlay_mtu - (TUNNEL_BYTES if tunnelled else 0)
    if wished is None:
        return most
    if not 1 <= wished <= most:
        raise Invalid("network", field="mtu", reason="range", bound=f"from 1 to {most}", value=wished)
    return wished


def check_carries(mtu: int, ip_version: int) -> None:
    """Whether packets of this IP version fit."""
    if mtu < LEAST_MTU[ip_version]:
        raise Invalid("network", field="mtu", reason="mtu_too_small", value=mtu, needs=LEAST_MTU[ip_version])


def _authorise(call: Call, wish: NetworkWish | NetworkChange) -> None:
    if wish.external is not UNSET and wish.external:
        allow(call, "network.external")
    if wish.shared is not UNSET and wish.shared:
        allow(call, "network.share")
    if isinstance(wish, NetworkWish) and (wish.vni is not None or wish.physical):
        allow(call, "network.number")


def shared_network(network: Network) -> Owned:
    return Owned(kind="network", id=network.id, project_id=network.project_id)


def _share(
    tx: Transaction, house: House, call: Call, network: Network, shared: bool | UnsetType, external: bool | UnsetType
) -> None:
    """The switches that every project's shares are."""
    of = shared_network(network)
    try:
        if not isinstance(shared, UnsetType):
            set_for_all(tx, house, call, of, "use", wanted=shared)
    except InUse as e:
        raise InUse("network", **{**e.facts, "kind": "shared_network", "id": network.id}) from None
    if not isinstance(external, UnsetType):
        set_for_all(tx, house, call, of, "lead_out", wanted=external)
        if not external:
            for share in shares_of(tx, of, "lead_out"):
                take_back(tx, house, call, of, share)


def make_network(tx: Transaction, house: House, call: Call, wish: NetworkWish) -> Network:
    """Inside a transaction; its caller has asked `check_wish` before."""
    network_id = NetworkId(house.chance.uuid())
    project_id = reading.project_for(call, wish.project_id)
    charge(tx, project_id, network_id, networks=1)
    network = Network(
        id=network_id,
        project_id=project_id,
        name=wish.name,
        vni=_vni(tx, house, call, replace(wish, project_id=project_id), network_id),
        description=wish.description,
        admin_up=wish.admin_up,
        external=wish.external,
        is_default=wish.is_default,
        port_security=wish.port_security,
        mtu=_mtu(house, wish.mtu, tunnelled=_tunnelled(wish)),
        physical=wish.physical,
        vlan=_vlan(tx, call, project_id, wish, network_id),
        pvlan=wish.pvlan,
        dns_domain=wish.dns_domain,
        qos_policy_id=_qos_policy(tx, call, project_id, wish),
        created_at=call.now,
        updated_at=call.now,
    )
    _check_only_default(tx, network)
    tx.networks.insert(network)
    _share(tx, house, call, network, shared=wish.shared or UNSET, external=wish.external or UNSET)
    mark_network(tx, network_id)
    record(tx, house, call, "network.create", Thing("network", network_id, project_id))
    return network


def _qos_policy(tx: Transaction, call: Call, project_id: ProjectId, wish: NetworkWish) -> QosPolicyId | None:
    if isinstance(wish.qos_policy_id, UnsetType):
        return default_policy(tx, project_id)
    return chosen(tx, call, wish.qos_policy_id)


def _vni(tx: Transaction, house: House, call: Call, wish: NetworkWish, owner: NetworkId) -> int:
    if wish.vni is None:
        return claim_vni(tx, house, wish.project_id or call.project_id, owner, call.now)
    if not 1 <= wish.vni <= LAST_VNI:
        raise Invalid("network", field="vni", reason="range", bound=f"from 1 to {LAST_VNI}", value=wish.vni)
    if not tx.claims.take(Claim(kind="vni", key=str(wish.vni), owner=owner, at=call.now)):
        raise Taken("network", kind="vni", name=str(wish.vni))
    return wish.vni


def _vlan(tx: Transaction, call: Call, project_id: ProjectId, wish: NetworkWish, owner: NetworkId) -> int:
    """Claimed, but of a network that was deleted: its hosts hand the frames over when they let go of it."""
    if not wish.physical:
        return UNTAGGED
    if wish.vlan is None:
        return claim_vlan(tx, project_id, wish.physical, owner, call.now)
    claim = vlan_claim(wish.physical, wish.vlan, owner, call.now)
    held = tx.claims.get(claim.kind, claim.key)
    former = tx.networks.get(NetworkId(held.owner)) if held is not None else None
    if former is not None and former.deleted_at is None:
        raise Taken("network", kind="vlan" if wish.vlan else "physical_network", name=claim.key)
    if held is not None:
        tx.claims.drop(claim.kind, claim.key)
    if not tx.claims.take(claim):
        raise Taken("network", kind="vlan", name=claim.key)
    return wish.vlan


def _check_only_default(tx: Transaction, network: Network) -> None:
    """One outer network at most is the default one."""
    if not network.is_default:
        return
    if not network.external:
        raise Invalid("network", field="is_default", reason="not_external", value=network.id)
    for other in tx.networks.find(Query(filters=(eq("is_default", value=True), alive()), limit=2)):
        if other.id != network.id:
            raise InUse("network", kind="default_network", id=network.id, by_kind="network", by_id=other.id)


def _check_still_used(tx: Transaction, was: Network, now: Network) -> None:
    """What others made of an external network forbids to take that away from them."""
    if now.is_default and not was.is_default:
        _check_only_default(tx, now)
    if was.external and not now.external:
        for use in ("vpc_gateway", "public_address"):
            found = tx.nics.find(Query(filters=(eq("network_id", was.id), eq("use", use), alive()), limit=1))
            if found:
                raise InUse("network", kind="external_network", id=was.id, by_kind=use, by_id=found[0].device_id)
