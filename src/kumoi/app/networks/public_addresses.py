"""Doors of public addresses (floating IPs, Elastic IPs): hold, lead to a nic, lead nowhere, give back."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.legs import gateways
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.nics import NicWish, drop_public, forwardings_of, make_nic, mark_public
from kumoi.app.networks.qos_policies import chosen
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NoAddress, NotFound
from kumoi.core.ids import NetworkId, NicId, ProjectId, PublicAddressId, QosPolicyId, SubnetId, VpcId
from kumoi.core.nics import FixedIp, Nic, NicStatus, status_of
from kumoi.core.policy import allow
from kumoi.core.port_forwardings import PortForwarding
from kumoi.core.query import Filter, Order, Query, alive, eq, is_in
from kumoi.core.vpcs import PublicAddress, Vpc


class PublicWish(msgspec.Struct, frozen=True, kw_only=True):
    """`network_id` None: the outer network that the project's routers lead to, or the oldest. `address` (the
    provider's to choose) and `subnet_id` None: any. `nic_id`: lead there at once. `vpc_id`: by this router, which may
    reach the nic over others; None: by one that has a leg on its subnet."""

    network_id: NetworkId | None = None
    project_id: ProjectId | None = None
    address: str | None = None
    subnet_id: SubnetId | None = None
    nic_id: NicId | None = None
    fixed_address: str | None = None
    vpc_id: VpcId | None = None
    qos_policy_id: QosPolicyId | None = None
    description: str = ""


class PublicChange(msgspec.Struct, frozen=True, kw_only=True):
    """`nic_id` None leads it nowhere; UNSET leaves it."""

    nic_id: NicId | UnsetType | None = UNSET
    fixed_address: str | None = None
    vpc_id: VpcId | None = None
    qos_policy_id: QosPolicyId | UnsetType | None = UNSET
    description: str | UnsetType = UNSET
    if_generation: int | None = None


class PublicView(msgspec.Struct, frozen=True, kw_only=True):
    """`nic`: what it leads to. `carried`: a host has its router. `network_policy_id`: its network's QoS policy."""

    public: PublicAddress
    nic: Nic | None
    nic_status: NicStatus
    carried: bool
    network_policy_id: QosPolicyId | None
    tags: tuple[str, ...]
    forwardings: tuple[PortForwarding, ...] = ()


def _views(tx: Transaction, rows: list[PublicAddress]) -> list[PublicView]:
    nics = {n.id: n for n in tx.nics.many(tuple(r.nic_id for r in rows if r.nic_id))}
    seen = {o.id: o for o in tx.observations.many(tuple({n.instance_id for n in nics.values() if n.instance_id}))}
    vpcs = {v.id: v for v in tx.vpcs.many(tuple({r.vpc_id for r in rows if r.vpc_id}))}
    policies = {n.id: n.qos_policy_id for n in tx.networks.many(tuple({r.network_id for r in rows}))}
    leading = tuple(r.id for r in rows if r.nic_id is None and r.vpc_id is not None)
    forwardings = tx.port_forwardings.find(Query(filters=(is_in("public_id", leading),))) if leading else []
    tags = reading.tags_of(tx, "public_address", rows)
    return [
        PublicView(
            public=r,
            nic=nic,
            nic_status=status_of(nic, seen.get(nic.instance_id) if nic.instance_id else None) if nic else "down",
            carried=r.vpc_id is not None and r.vpc_id in vpcs and vpcs[r.vpc_id].host_id is not None,
            network_policy_id=policies.get(r.network_id),
            tags=tags.get(r.id, ()),
            forwardings=tuple(f for f in forwardings if f.public_id == r.id),
        )
        for r in rows
        for nic in (nics.get(r.nic_id) if r.nic_id else None,)
    ]


PUBLIC_ADDRESSES: Noun[PublicAddress, PublicView] = Noun(
    kind="public_address",
    action="public_address",
    rows=lambda tx: tx.public_addresses,
    views=_views,
    listed=reading.own,
    shown=reading.never,
)


def create_public_address(house: House, call: Call, wish: PublicWish) -> PublicView:
    """Raises NoAddress when the outer network has none left, Invalid when it is no outer network."""
    allow(call, "public_address.create")
    if wish.address is not None:
        allow(call, "public_address.choose")

    return commit(house, lambda tx: _views(tx, [make_public(tx, house, call, wish)]))[0]


def make_public(
    tx: Transaction, house: House, call: Call, wish: PublicWish, made_for: NicId | None = None
) -> PublicAddress:
    """Inside a door's transaction, which has authorised it."""
    network = reading.visible(tx, call, NETWORKS, wish.network_id or _outer(tx, call))
    if not network.external:
        raise Invalid("network", field="network_id", reason="not_external", value=network.id)
    project_id = reading.project_for(call, wish.project_id)
    public_id = PublicAddressId(house.chance.uuid())
    charge(tx, project_id, public_id, public_addresses=1)
    nic = _own_nic(tx, house, call, replace(wish, network_id=network.id), public_id)
    public = PublicAddress(
        id=public_id,
        project_id=project_id,
        network_id=network.id,
        subnet_id=nic.fixed_ips[0].subnet_id,
        address=nic.fixed_ips[0].address,
        own_nic_id=nic.id,
        made_for=made_for,
        qos_policy_id=chosen(tx, call, wish.qos_policy_id),
        description=wish.description,
        created_at=call.now,
        updated_at=call.now,
    )
    if wish.nic_id is not None:
        public = _led(tx, call, public, wish.nic_id, wish)
    tx.public_addresses.insert(public)
    mark_public(tx, public)
    record(tx, house, call, "public_address.create", Thing("public_address", public_id, project_id))
    return public


def update_public_address(house: House, call: Call, public_id: PublicAddressId, change: PublicChange) -> PublicView:
    """Raises NotFound (kind way) when no router leads from it to the nic, InUse when the nic's address has another."""
    allow(call, "public_address.update")

    def write(tx: Transaction) -> list[PublicView]:
        public = reading.owned(tx, call, PUBLIC_ADDRESSES, public_id, "update")
        reading.check_generation(PUBLIC_ADDRESSES, public, change.if_generation)
        policy_id = chosen(tx, call, change.qos_policy_id, public.qos_policy_id)
        changed = replace(public, qos_policy_id=policy_id, updated_at=call.now)
        if isinstance(change.description, str):
            changed = replace(changed, description=change.description)
        if change.nic_id is not UNSET:
            changed = replace(changed, made_for=None)
        if change.nic_id is None:
            forwards = bool(forwardings_of(tx, public.id))
            changed = replace(changed, nic_id=None, fixed_address=None, vpc_id=public.vpc_id if forwards else None)
        elif isinstance(change.nic_id, str):
            changed = _led(tx, call, changed, change.nic_id, change)
        elif change.fixed_address is not None or change.vpc_id is not None:
            raise Invalid("network", field="nic_id", reason="missing", name="nic_id")
        saved = tx.public_addresses.save(changed)
        mark_public(tx, public)
        mark_public(tx, saved)
        if public.nic_id is not None and public.nic_id != saved.nic_id:
            _put_back(tx, house, call, public.nic_id)
        record(tx, house, call, "public_address.update", Thing("public_address", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_public_address(house: House, call: Call, public_id: PublicAddressId) -> None:
    """Back to the provider; the address itself waits until the host that carried it has let go."""
    allow(call, "public_address.delete")

    def write(tx: Transaction) -> None:
        public = reading.owned(tx, call, PUBLIC_ADDRESSES, public_id, "delete")
        for forwarding in forwardings_of(tx, public.id):
            kind = "port_forwarding"
            raise InUse("network", kind="forwarding_address", id=public.id, by_kind=kind, by_id=forwarding.id)
        drop_public(tx, house, call, public)
        if public.nic_id is not None:
            _put_back(tx, house, call, public.nic_id)

    commit(house, write)


def _outer(tx: Transaction, call: Call) -> NetworkId:
    """Where an address is of most use to the project. Raises NoAddress when the cloud has no outer network."""
    oldest = (Order("created_at"),)
    gates = Query(
        filters=(eq("project_id", call.project_id), Filter("external_network_id", "null", False), alive()),
        order=oldest,
        limit=1,
    )
    for vpc in tx.vpcs.find(gates):
        if vpc.external_network_id is not None:
            return vpc.external_network_id
    for network in tx.networks.find(Query(filters=(eq("external", True), alive()), order=oldest, limit=1)):
        return network.id
    raise NoAddress("network", kind="address", pool=[], size=0)


def _own_nic(tx: Transaction, house: House, call: Call, wish: PublicWish, public_id: PublicAddressId) -> Nic:
    """The place on the outer network that the address is claimed by."""
    assert wish.network_id is not None
    subnets = tx.subnets.find(Query(filters=(eq("network_id", wish.network_id), eq("ip_version", 4), alive())))
    if not subnets:
        raise NoAddress("network", kind="address", pool=[], size=0, network_id=wish.network_id)
    chosen = FixedWish(subnet_id=wish.subnet_id, address=wish.address)
    return make_nic(
        tx,
        house,
        call,
        NicWish(
            network_id=wish.network_id,
            project_id=ProjectId(""),
            fixed_ips=None if wish.subnet_id is None and wish.address is None else (chosen,),
            use="public_address",
            device_id=public_id,
        ),
    )


def _led(
    tx: Transaction, call: Call, public: PublicAddress, nic_id: NicId, wish: PublicWish | PublicChange
) -> PublicAddress:
    """The address leading to the nic (not saved)."""
    nic = reading.visible(tx, call, NICS, nic_id)
    if nic.project_id not in {public.project_id, call.actor.project_id} and not reading.sees_all(call):
        raise Invalid("network", field="nic_id", reason="other_project", value=nic.id)
    fixed = choose_fixed(tx, nic, wish.fixed_address)
    led = Query(filters=(eq("nic_id", nic.id), eq("network_id", public.network_id), alive()))
    for other in tx.public_addresses.find(led):
        if other.id == public.id or other.fixed_address != fixed.address:
            continue
        if other.made_for == nic.id:
            mark_public(tx, other)
            tx.public_addresses.save(replace(other, nic_id=None, fixed_address=None, vpc_id=None, updated_at=call.now))
        else:
            raise InUse("network", kind="nic", id=nic.id, by_kind="public_address", by_id=other.id)
    for forwarding in forwardings_of(tx, public.id):
        kind = "port_forwarding"
        raise InUse("network", kind="forwarding_address", id=public.id, by_kind=kind, by_id=forwarding.id)
    vpc = way_to(tx, public, fixed) if wish.vpc_id is None else _by(tx, call, public, wish.vpc_id)
    if vpc is None:
        raise NotFound("network", kind="way", id=nic.id, network_id=public.network_id, subnet_id=fixed.subnet_id)
    lead_by(tx, public, vpc)
    return replace(public, nic_id=nic.id, fixed_address=fixed.address, vpc_id=vpc.id)


def _by(tx: Transaction, call: Call, public: PublicAddress, vpc_id: VpcId) -> Vpc:
    """The router that was chosen; it leads to the address's network, and on to the nic as its routes say."""
    vpc = reading.visible(tx, call, VPCS, vpc_id)
    if all(gate.network_id != public.network_id for gate in gateways(tx, vpc.id)):
        raise Invalid("network", field="vpc_id", reason="no_gateway_there", value=vpc.id, network=public.network_id)
    return vpc


def lead_by(tx: Transaction, public: PublicAddress, vpc: Vpc) -> None:
    """The place that claims the address is where the router is."""
    own = tx.nics.get(public.own_nic_id)
    if own is not None and (own.vpc_id, own.host_id) != (vpc.id, vpc.host_id):
        tx.nics.save(replace(own, vpc_id=vpc.id, host_id=vpc.host_id))


def _put_back(tx: Transaction, house: House, call: Call, nic_id: NicId) -> None:
    """The address that was made with a nic leads there again, now that another one does no longer; where there is no
    way any more it waits."""
    nic = tx.nics.get(nic_id)
    aside = Query(filters=(eq("made_for", nic_id), Filter("nic_id", "null", True), alive()))
    for public in tx.public_addresses.find(aside) if nic is not None and nic.deleted_at is None else ():
        fixed = next((ip for ip in nic.fixed_ips if ":" not in ip.address), None) if nic is not None else None
        vpc = way_to(tx, public, fixed) if fixed is not None else None
        if fixed is not None and vpc is not None:
            lead_by(tx, public, vpc)
            led = replace(public, nic_id=nic_id, fixed_address=fixed.address, vpc_id=vpc.id, updated_at=call.now)
            mark_public(tx, tx.public_addresses.save(led))
            record(tx, house, call, "public_address.update", Thing("public_address", led.id, led.project_id))


def choose_fixed(tx: Transaction, nic: Nic, wished: str | None) -> FixedIp:
    """The nic's IPv4 address to lead to; the only one it has unless it is named."""
    subnets = {s.id: s for s in tx.subnets.many(tuple({ip.subnet_id for ip in nic.fixed_ips}))}
    fours = [ip for ip in nic.fixed_ips if subnets[ip.subnet_id].ip_version == 4]
    if wished is not None:
        fours = [ip for ip in fours if ip.address == wished]
        if not fours:
            raise Invalid("network", field="fixed_address", reason="not_of_nic", value=wished, nic=nic.id)
    if not fours:
        raise Invalid("network", field="nic_id", reason="no_address", value=nic.id)
    if len(fours) > 1:
        raise Invalid("network", field="fixed_address", reason="several_addresses", value=nic.id)
    return fours[0]


def way_to(tx: Transaction, public: PublicAddress, fixed: FixedIp) -> Vpc | None:
    """The router with a leg on the fixed address's subnet and its gateway on the public one's network. Of several the
    one that guests answer by: the subnet's own gateway; else the eldest."""
    subnet = reading.there(tx.subnets.get(fixed.subnet_id), "subnet", fixed.subnet_id)
    legs = tx.nics.find(Query(filters=(eq("network_id", subnet.network_id), eq("use", "vpc_interface"), alive())))
    here = {n.vpc_id: ip.address for n in legs if n.vpc_id for ip in n.fixed_ips if ip.subnet_id == subnet.id}
    if not here:
        return None
    gates = (eq("network_id", public.network_id), eq("use", "vpc_gateway"), is_in("vpc_id", tuple(here)))
    out = tuple(n.vpc_id for n in tx.nics.find(Query(filters=(*gates, alive()))) if n.vpc_id)
    found = [vpc for vpc in tx.vpcs.many(out) if vpc.deleted_at is None]
    found.sort(key=lambda vpc: (here[vpc.id] != subnet.gateway, vpc.created_at, vpc.id))
    return found[0] if found else None
