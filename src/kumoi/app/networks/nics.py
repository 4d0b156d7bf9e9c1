"""Nics inside a door's transaction: make, plug, unplug, drop. The doors of nics themselves are `nic_doors`.

Nothing here authorises: the door that calls has done so.
"""

from collections.abc import Container

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.addresses import Claimer, FixedWish, claim_number
from kumoi.app.networks.default_group import default_group
from kumoi.app.networks.publishing import drop_proxies_to
from kumoi.app.networks.reservations import release, reserve
from kumoi.app.networks.stand_ins import leave_host, release_nic
from kumoi.app.networks.trunk_ports import drop_trunk, take_along, trunk_of
from kumoi.app.writing import Thing, charge, mark_nic, mark_vpc, record
from kumoi.contracts.store import Transaction
from kumoi.core import addressing, pvlan
from kumoi.core.call import Call
from kumoi.core.dhcp_options import DhcpOption, merged
from kumoi.core.errors import InUse, Invalid, NotFound
from kumoi.core.ids import GroupId, HostId, InstanceId, NetworkId, NicId, ProjectId, PublicAddressId, QosPolicyId, VpcId
from kumoi.core.networks import Network
from kumoi.core.nics import AddressPair, Nic, NicUse, holder_of
from kumoi.core.port_forwardings import PortForwarding
from kumoi.core.pvlan import Role
from kumoi.core.query import Query, alive, eq
from kumoi.core.vpcs import PublicAddress

MOST_PAIRS = 10
# Uses that are the cloud's own affair: nobody's quota pays for them, no group filters them.
SERVICES: frozenset[NicUse] = frozenset({"dhcp", "vpc_gateway", "public_address"})
UNFILTERED: frozenset[NicUse] = SERVICES | {"vpc_interface"}


class NicWish(msgspec.Struct, frozen=True, kw_only=True):
    """A nic to make. None: the project of the call, the network's port security, the project's default group, any
    address of the network (`fixed_ips` empty: none at all), a MAC of the cloud's own."""

    network_id: NetworkId
    project_id: ProjectId | None = None
    name: str = ""
    description: str = ""
    mac: str | None = None
    fixed_ips: tuple[FixedWish, ...] | None = None
    group_ids: tuple[GroupId, ...] | None = None
    port_security: bool | None = None
    pairs: tuple[AddressPair, ...] = ()
    qos_policy_id: QosPolicyId | None = None
    admin_up: bool = True
    use: NicUse = ""
    vpc_id: VpcId | None = None
    device_id: str = ""
    device_owner: str = ""
    dns_name: str = ""
    dns_domain: str = ""
    dhcp_options: tuple[DhcpOption, ...] = ()
    bound_to: str = ""
    pvlan: Role = ""
    community: str = ""
    host_id: HostId | None = None
    made_with_instance: bool = False


_AS_WISHED = (
    "name", "description", "admin_up", "qos_policy_id", "use", "vpc_id", "device_id", "device_owner", "dns_name",
    "dns_domain", "bound_to", "host_id", "made_with_instance",
)  # fmt: skip


def make_nic(tx: Transaction, house: House, call: Call, wish: NicWish) -> Nic:
    """Claim, write, mark and record a nic. Raises NotFound, Invalid, Taken (address, mac), NoAddress, QuotaExceeded."""
    network = tx.networks.get(wish.network_id)
    if network is None or network.deleted_at is not None:
        raise NotFound("network", kind="network", id=wish.network_id)
    nic_id = NicId(house.chance.uuid())
    project_id = call.project_id if wish.project_id is None else wish.project_id
    secured, group_ids = _filters(tx, house, call, wish, network)
    if wish.use not in SERVICES:
        charge(tx, project_id, nic_id, nics=1)
    role, community = pvlan.checked(wish.pvlan, wish.community, private=network.pvlan)
    claimer = Claimer(tx, network.id, nic_id, call.now)
    mac = claimer.mac(house, wish.mac)
    nic = Nic(
        id=nic_id,
        project_id=project_id,
        network_id=network.id,
        mac=mac,
        mark=claim_number(tx, house, "mark", nic_id, call.now),
        fixed_ips=claimer.fixed(
            wish.fixed_ips, mac, exactly=wish.use in UNFILTERED, holder=holder_of(wish.use, wish.device_owner)
        ),
        group_ids=group_ids,
        port_security=secured,
        pairs=check_pairs(wish.pairs, mac, secured=secured),
        dhcp_options=merged((), wish.dhcp_options),
        pvlan=role,
        community=community,
        **{field: getattr(wish, field) for field in _AS_WISHED},
        created_at=call.now,
        updated_at=call.now,
    )
    tx.nics.insert(nic)
    mark_nic(tx, nic)
    record(tx, house, call, "nic.create", Thing("nic", nic.id, nic.project_id), {"network_id": network.id})
    return nic


def plug(
    tx: Transaction, house: House, nic: Nic, instance_id: InstanceId, host_id: HostId | None, slot: int = 0
) -> Nic:
    """Into an instance, as its nic number `slot`. Raises InUse when something holds the nic already, NoCapacity when
    the host cannot promise what the nic is guaranteed."""
    if nic.instance_id is not None or nic.use:
        raise held(nic)
    leave_host(tx, house, nic, host_id)
    if host_id is not None:
        release(tx, nic)
        reserve(tx, nic, host_id)
    placed = replace(
        nic,
        use="instance",
        instance_id=instance_id,
        device_id=instance_id,
        device_owner="",
        host_id=host_id,
        slot=slot,
    )
    saved = tx.nics.save(placed)
    mark_nic(tx, saved)
    take_along(tx, house, saved, host_id)
    return saved


def unplug(tx: Transaction, nic: Nic) -> Nic:
    """Out of its instance. `host_id` stays: that host may have it still, until its report proves otherwise."""
    mark_nic(tx, nic)
    saved = tx.nics.save(replace(nic, use="", instance_id=None, device_id="", device_owner="", slot=0, tag=""))
    mark_nic(tx, saved)
    return saved


def drop_nic(tx: Transaction, house: House, call: Call, nic: Nic) -> None:
    """Gone for the user at once. Where a host may have it, row and claims wait (quarantine) for that host's proof."""
    for made in tx.public_addresses.find(Query(filters=(eq("made_for", nic.id), alive()))):
        drop_public(tx, house, call, made)
    for leading in tx.public_addresses.find(Query(filters=(eq("nic_id", nic.id), alive()))):
        tx.public_addresses.save(replace(leading, nic_id=None, fixed_address=None, vpc_id=None, updated_at=call.now))
        if leading.vpc_id is not None:
            vpc = tx.vpcs.get(leading.vpc_id)
            mark_vpc(tx, leading.vpc_id, vpc.host_id if vpc else None)
    drop_forwardings_to(tx, nic, {ip.address for ip in nic.fixed_ips}, call.now)
    drop_proxies_to(tx, nic, {ip.address for ip in nic.fixed_ips})
    trunk = trunk_of(tx, nic) if nic.use in {"", "instance"} else None
    if trunk is not None:
        drop_trunk(tx, house, call, trunk)
    tx.counters.give_back(nic.id, "project/")
    tx.labels.drop("nic", nic.id)
    mark_nic(tx, nic)
    if nic.host_id is None:
        release_nic(tx, nic)
    else:
        tx.nics.save(replace(nic, deleted_at=call.now, updated_at=call.now))
    record(tx, house, call, "nic.delete", Thing("nic", nic.id, nic.project_id), {"network_id": nic.network_id})


def drop_public(tx: Transaction, house: House, call: Call, public: PublicAddress) -> None:
    """A public address back to the provider; what carried it lets go in its own time, the claim waits until then."""
    mark_public(tx, public)
    nic = tx.nics.get(public.own_nic_id)
    if nic is not None:
        drop_nic(tx, house, call, nic)
    tx.public_addresses.remove(public.id)
    tx.counters.give_back(public.id, "project/")
    tx.labels.drop("public_address", public.id)
    thing = Thing("public_address", public.id, public.project_id)
    record(tx, house, call, "public_address.delete", thing)


def mark_public(tx: Transaction, public: PublicAddress) -> None:
    """The router that carries it, and the nic it leads to (its guest may ask for its public address)."""
    if public.vpc_id is not None:
        vpc = tx.vpcs.get(public.vpc_id)
        mark_vpc(tx, public.vpc_id, vpc.host_id if vpc else None)
    nic = tx.nics.get(public.nic_id) if public.nic_id is not None else None
    if nic is not None:
        mark_nic(tx, nic)


def forwardings_of(tx: Transaction, public_id: PublicAddressId) -> list[PortForwarding]:
    found = tx.port_forwardings.find(Query(filters=(eq("public_id", public_id),)))
    return sorted(found, key=lambda forwarding: (forwarding.protocol, forwarding.outer.first))


def drop_forwardings_to(tx: Transaction, nic: Nic, lost: Container[str], now: float) -> None:
    """Of these addresses of the nic, which it has no longer."""
    for forwarding in tx.port_forwardings.find(Query(filters=(eq("nic_id", nic.id),))):
        if forwarding.address in lost:
            drop_forwarding(tx, forwarding, now)


def drop_forwarding(tx: Transaction, gone: PortForwarding, now: float) -> None:
    """The address is carried no longer once its last one is gone."""
    tx.port_forwardings.remove(gone.id)
    public = tx.public_addresses.get(gone.public_id)
    if public is not None:
        mark_public(tx, public)
        left = public.vpc_id if forwardings_of(tx, public.id) else None
        tx.public_addresses.save(replace(public, vpc_id=left, updated_at=now))


def check_groups(tx: Transaction, project_id: str, group_ids: tuple[GroupId, ...]) -> tuple[GroupId, ...]:
    """All living, the project's own or shared to it, each once, all stateful or none."""
    if len(set(group_ids)) != len(group_ids):
        raise Invalid("network", field="group_ids", reason="twice")
    groups = tx.security_groups.many(group_ids)
    found = {g.id: g for g in groups if g.deleted_at is None and reading.is_usable(tx, "security_group", g, project_id)}
    for group_id in group_ids:
        if group_id not in found:
            raise NotFound("network", kind="security_group", id=group_id)
    if len({g.stateful for g in found.values()}) > 1:
        raise Invalid("network", field="group_ids", reason="mixed_statefulness")
    return group_ids


def check_pairs(pairs: tuple[AddressPair, ...], own_mac: str, *, secured: bool) -> tuple[AddressPair, ...]:
    """Canonical; a pair without a MAC has the nic's own."""
    if pairs and not secured:
        raise Invalid("network", field="pairs", reason="needs_port_security")
    if len(pairs) > MOST_PAIRS:
        raise Invalid("network", field="pairs", reason="too_many", most=MOST_PAIRS)
    for pair in pairs:
        addressing.block_around(pair.address, "pairs")
    full = tuple(
        AddressPair(address=p.address, mac=addressing.mac(p.mac, "pairs") if p.mac else own_mac) for p in pairs
    )
    if len(set(full)) != len(full):
        raise Invalid("network", field="pairs", reason="twice")
    return full


def held(nic: Nic) -> InUse:
    """The refusal that names what holds the nic."""
    return InUse("network", kind="nic", id=nic.id, by_kind=nic.use or "instance", by_id=nic.device_id)


def _filters(
    tx: Transaction, house: House, call: Call, wish: NicWish, network: Network
) -> tuple[bool, tuple[GroupId, ...]]:
    """Whether the nic is secured, and its groups."""
    if wish.use in UNFILTERED:
        return False, ()
    secured = network.port_security if wish.port_security is None else wish.port_security
    if not secured:
        if wish.group_ids:
            raise Invalid("network", field="group_ids", reason="needs_port_security")
        return False, ()
    project_id = call.project_id if wish.project_id is None else wish.project_id
    if wish.group_ids is None:
        return True, (default_group(tx, house, call, project_id).id,)
    return True, check_groups(tx, project_id, wish.group_ids)
