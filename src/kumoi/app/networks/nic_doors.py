"""Doors of nics: create, read, update, delete. What other doors do to nics inside their transactions is `nics`."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.addresses import Claimer, FixedWish
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.nics import (
    UNFILTERED,
    NicWish,
    check_groups,
    check_pairs,
    drop_forwardings_to,
    drop_nic,
    held,
    make_nic,
)
from kumoi.app.networks.publishing import drop_proxies_to
from kumoi.app.networks.qos_policies import chosen
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.reservations import promised_by, reserve_anew
from kumoi.app.networks.stand_ins import leave_addresses
from kumoi.app.networks.trunk_ports import trunk_of, trunks_of
from kumoi.app.writing import Thing, commit, mark_nic, mark_subnet, record
from kumoi.contracts.store import Transaction
from kumoi.core import addressing, pvlan
from kumoi.core.call import Call
from kumoi.core.dhcp_options import DhcpOption, IpVersion, merged
from kumoi.core.errors import Forbidden, InUse, Invalid
from kumoi.core.given import given
from kumoi.core.ids import GroupId, NicId, QosPolicyId
from kumoi.core.networks import Network
from kumoi.core.nics import AddressPair, FixedIp, Nic, NicStatus, status_of
from kumoi.core.policy import allow, may
from kumoi.core.pvlan import Role
from kumoi.core.qos import policy_of
from kumoi.core.query import Query, alive, eq
from kumoi.core.trunks import Trunk

_MERGED = ("dhcp_options", "dhcp_options_gone")


class NicChange(msgspec.Struct, frozen=True, kw_only=True):
    """`mac` None: a new one of the cloud's own. `fixed_ips` are all that the nic is to have. `dhcp_options` come to
    those that it has, without those that are `gone`."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    admin_up: bool | UnsetType = UNSET
    mac: str | UnsetType | None = UNSET
    fixed_ips: tuple[FixedWish, ...] | UnsetType = UNSET
    group_ids: tuple[GroupId, ...] | UnsetType = UNSET
    port_security: bool | UnsetType = UNSET
    pairs: tuple[AddressPair, ...] | UnsetType = UNSET
    qos_policy_id: QosPolicyId | UnsetType | None = UNSET
    device_id: str | UnsetType = UNSET
    device_owner: str | UnsetType = UNSET
    dns_name: str | UnsetType = UNSET
    dns_domain: str | UnsetType = UNSET
    dhcp_options: tuple[DhcpOption, ...] = ()
    dhcp_options_gone: tuple[tuple[str, IpVersion], ...] = ()
    bound_to: str | UnsetType = UNSET
    pvlan: Role | UnsetType = UNSET
    community: str | UnsetType = UNSET
    if_generation: int | None = None


class NicView(msgspec.Struct, frozen=True, kw_only=True):
    """`host_name`: the host that has it, or is to have it. `network_policy_id`: its network's QoS policy. `promised`:
    what a host has to keep for it, by the host's resource. `network_domain`, `physical`, `private`: its network's.
    `trunk`: that is carried by it. `distributed`: it is a leg of such a router."""

    nic: Nic
    status: NicStatus
    host_name: str
    network_domain: str
    physical: str
    private: bool
    network_policy_id: QosPolicyId | None
    trunk: Trunk | None
    promised: dict[str, int]
    distributed: bool
    tags: tuple[str, ...]


def _views(tx: Transaction, rows: list[Nic]) -> list[NicView]:
    seen = {o.id: o for o in tx.observations.many(tuple({r.instance_id for r in rows if r.instance_id}))}
    hosts = {h.id: h.name for h in tx.hosts.many(tuple({r.host_id for r in rows if r.host_id}))}
    networks = {n.id: n for n in tx.networks.many(tuple({r.network_id for r in rows}))}
    policies = {n.id: n.qos_policy_id for n in networks.values()}
    obeyed = {r.id: policy for r in rows if (policy := policy_of(r, policies.get(r.network_id)))}
    promised = promised_by(tx, set(obeyed.values()))
    trunks = trunks_of(tx, rows)
    routers = {vpc.id: vpc for vpc in tx.vpcs.many(tuple({r.vpc_id for r in rows if r.vpc_id}))}
    distributed = {vpc.id for vpc in routers.values() if vpc.distributed}
    put_down = {vpc.id for vpc in routers.values() if not vpc.admin_up}
    tags = reading.tags_of(tx, "nic", rows)
    return [
        NicView(
            nic=r,
            status="down" if r.vpc_id in put_down else status_of(r, seen.get(r.instance_id) if r.instance_id else None),
            host_name=hosts.get(r.host_id, "") if r.host_id and r.use else r.bound_to,
            network_domain=networks[r.network_id].dns_domain if r.network_id in networks else "",
            physical=networks[r.network_id].physical if r.network_id in networks else "",
            private=r.network_id in networks and networks[r.network_id].pvlan,
            network_policy_id=policies.get(r.network_id),
            trunk=trunks.get(r.id),
            promised=promised.get(obeyed.get(r.id, ""), {}),
            distributed=r.vpc_id in distributed and r.use == "vpc_interface",
            tags=tags.get(r.id, ()),
        )
        for r in rows
    ]


def _shown(tx: Transaction, call: Call, nic: Nic) -> bool:
    """To the owner of its network too."""
    network = tx.networks.get(nic.network_id)
    return network is not None and network.project_id == call.actor.project_id


NICS: Noun[Nic, NicView] = Noun(
    kind="nic", action="nic", rows=lambda tx: tx.nics, views=_views, listed=reading.own, shown=_shown
)


def create_nics(house: House, call: Call, wishes: tuple[NicWish, ...]) -> list[NicView]:
    """All of them or none. On a network of others, only what every project may: any address, the cloud's own MAC."""
    allow(call, "nic.create")
    for wish in wishes:
        _check_unused(wish.device_owner)
        if wish.bound_to:
            allow(call, "nic.bind")

    def write(tx: Transaction) -> list[NicView]:
        return _views(tx, [_create(tx, house, call, wish) for wish in wishes])

    return commit(house, write)


def update_nic(house: House, call: Call, nic_id: NicId, change: NicChange) -> NicView:
    """Raises Taken (address, mac), NoAddress, InUse (a plugged nic keeps its MAC), Invalid, Stale."""
    allow(call, "nic.update")
    if change.bound_to:
        allow(call, "nic.bind")

    def write(tx: Transaction) -> list[NicView]:
        nic = reading.owned(tx, call, NICS, nic_id, "update")
        reading.check_generation(NICS, nic, change.if_generation)
        network = reading.there(tx.networks.get(nic.network_id), "network", nic.network_id)
        _check_free_choice(call, network, change)
        changed = _with_role(network, _changed(tx, house, call, nic, change), change)
        saved = tx.nics.save(replace(changed, updated_at=call.now))
        mark_nic(tx, saved, former_groups=nic.group_ids)
        if saved.qos_policy_id != nic.qos_policy_id:
            reserve_anew(tx, saved)
        check_led_to(tx, nic, saved)
        if saved.use == "dhcp":  # the subnets' entries tell where the service is
            for ip in saved.fixed_ips:
                mark_subnet(tx, saved.network_id, ip.subnet_id)
        record(tx, house, call, "nic.update", Thing("nic", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_nic(house: House, call: Call, nic_id: NicId, *, plugged: bool = True) -> None:
    """InUse for a router's leg, a trunk's nics, or another part of the cloud; an instance's nic goes, and the instance
    loses it.

    `plugged` False: EC2's way, that is InUse too.
    """
    allow(call, "nic.delete")

    def write(tx: Transaction) -> None:
        nic = reading.visible(tx, call, NICS, nic_id)
        if nic.project_id != call.actor.project_id and not reading.sees_all(call) and not _shown(tx, call, nic):
            raise Forbidden("network", action="nic.delete", needs=["admin"])
        if nic.use in UNFILTERED | {"subport"} or (nic.use == "instance" and not plugged):
            raise held(nic)
        trunk = trunk_of(tx, nic)
        if trunk is not None:
            raise InUse("network", kind="nic", id=nic.id, by_kind="trunk", by_id=trunk.id)
        drop_nic(tx, house, call, nic)

    commit(house, write)


def check_place(tx: Transaction, call: Call, wish: NicWish) -> None:
    """Whether the caller may have such a nic on that network. Raises NotFound, Forbidden."""
    network = reading.visible(tx, call, NETWORKS, wish.network_id)
    if network.external and not _owns(call, network) and not reading.is_usable(tx, "network", network, call.project_id):
        raise Forbidden("network", action="nic.create", needs=["admin"])
    _check_free_choice(call, network, wish)


def _create(tx: Transaction, house: House, call: Call, wish: NicWish) -> Nic:
    check_place(tx, call, wish)
    chosen(tx, call, wish.qos_policy_id)
    return make_nic(tx, house, call, replace(wish, project_id=reading.project_for(call, wish.project_id)))


def _owns(call: Call, network: Network) -> bool:
    return network.project_id == call.actor.project_id or may(call, "nic.place_freely")


def _check_free_choice(call: Call, network: Network, wish: NicWish | NicChange) -> None:
    """MAC, exact addresses, pairs and port security are the network's owner's to choose."""
    if _owns(call, network):
        return
    chosen = [field for field in ("mac", "port_security", "pairs") if getattr(wish, field) not in {None, UNSET, ()}]
    if isinstance(wish.fixed_ips, tuple) and any(f.address is not None for f in wish.fixed_ips):
        chosen.append("fixed_ips")
    if chosen:
        raise Forbidden("network", action="nic.place_freely", needs=["admin"], fields=chosen)


def _check_unused(device_owner: str | UnsetType) -> None:
    """The names by which the cloud's own nics go are not for callers to give."""
    if isinstance(device_owner, str) and device_owner.startswith("network:") and device_owner != "network:dhcp":
        raise Invalid("network", field="device_owner", reason="reserved", value=device_owner)


def _changed(tx: Transaction, house: House, call: Call, nic: Nic, change: NicChange) -> Nic:
    """The nic as it is to be, its claims taken and let go."""
    _check_unused(change.device_owner)
    changed = replace(
        nic,
        **given(change, "if_generation", "mac", "fixed_ips", "group_ids", "qos_policy_id", *_MERGED),
        dhcp_options=merged(nic.dhcp_options, change.dhcp_options, change.dhcp_options_gone),
        qos_policy_id=chosen(tx, call, change.qos_policy_id, nic.qos_policy_id),
    )
    if nic.use:  # what holds it is the cloud's to say
        changed = replace(changed, device_id=nic.device_id, device_owner=nic.device_owner, bound_to=nic.bound_to)
    changed = _secured(tx, nic, changed, change)
    claimer = Claimer(tx, nic.network_id, nic.id, call.now)
    if change.mac is None or (isinstance(change.mac, str) and addressing.mac(change.mac) != nic.mac):
        if nic.use:
            raise held(nic)
        changed = replace(changed, mac=claimer.mac(house, change.mac))
        tx.claims.drop("mac", f"{nic.network_id}/{nic.mac}")
    if isinstance(change.fixed_ips, tuple):
        changed = replace(changed, fixed_ips=_readdress(tx, house, claimer, nic, change.fixed_ips))
    return changed


def _with_role(network: Network, changed: Nic, change: NicChange) -> Nic:
    """Another role than a community's has no community."""
    leaves = change.pvlan not in {UNSET, "community"} and change.community is UNSET
    community = "" if leaves else changed.community
    role, community = pvlan.checked(changed.pvlan, community, private=network.pvlan)
    return replace(changed, pvlan=role, community=community)


def _secured(tx: Transaction, nic: Nic, changed: Nic, change: NicChange) -> Nic:
    if isinstance(change.group_ids, tuple):
        changed = replace(changed, group_ids=check_groups(tx, nic.project_id, change.group_ids))
    if changed.group_ids and not changed.port_security:
        raise Invalid("network", field="port_security", reason="has_groups")
    return replace(changed, pairs=check_pairs(changed.pairs, nic.mac, secured=changed.port_security))


def _readdress(
    tx: Transaction, house: House, claimer: Claimer, nic: Nic, wishes: tuple[FixedWish, ...]
) -> tuple[FixedIp, ...]:
    """Addresses that stay are not let go in between; a wish for any address of a subnet keeps the one it has there."""
    left = list(nic.fixed_ips)
    kept: dict[int, FixedIp] = {}
    for exact in (True, False):
        for number, wish in enumerate(wishes):
            if number in kept or (wish.address is not None) is not exact:
                continue
            match = next((ip for ip in left if _meets(ip, wish)), None)
            if match is not None:
                left.remove(match)
                kept[number] = match
    leave_addresses(tx, house, nic, tuple(left))
    return tuple(
        kept[n] if n in kept else claimer.fixed((w,), nic.mac, exactly=nic.use in UNFILTERED)[0]
        for n, w in enumerate(wishes)
    )


def _meets(ip: FixedIp, wish: FixedWish) -> bool:
    return wish.address in {None, ip.address} and wish.subnet_id in {None, ip.subnet_id}


def check_led_to(tx: Transaction, was: Nic, now: Nic) -> None:
    """An address to which a public one leads cannot be taken from the nic; forwardings of single ports go with it."""
    lost = {ip.address for ip in was.fixed_ips} - {ip.address for ip in now.fixed_ips}
    if not lost:
        return
    for public in tx.public_addresses.find(Query(filters=(eq("nic_id", was.id), alive()))):
        if public.fixed_address in lost:
            raise InUse("network", kind="address", id=public.fixed_address, by_kind="public_address", by_id=public.id)
    drop_forwardings_to(tx, now, lost, now.updated_at)
    drop_proxies_to(tx, now, lost)
