"""Doors of subnets: create, read, update, delete."""

from ipaddress import ip_address, ip_network
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.addresses import address_all, unaddress_all
from kumoi.app.networks.apart import check_grown, check_on_network, routers_on
from kumoi.app.networks.networks import NETWORKS, check_carries
from kumoi.app.networks.nics import SERVICES
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.service_nics import serve, unserve
from kumoi.app.networks.subnet_pools import block_from, default_pool
from kumoi.app.writing import Thing, charge, commit, mark_subnet, mark_vpc, record
from kumoi.contracts.store import Transaction
from kumoi.core import addressing
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, Unsupported
from kumoi.core.given import given
from kumoi.core.ids import NetworkId, ProjectId, SubnetId, SubnetPoolId
from kumoi.core.networks import SELF_ADDRESSED, Ipv6Mode, Network, Pool, Route, Subnet, self_addressed, served
from kumoi.core.nics import Nic
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, any_of, eq, is_in
from kumoi.core.subnet_rules import ADVERTISES, Draft, Plan, check_modes, plan

SELF_MADE_PREFIX: Final = 64  # the other half of such an address is made of the MAC (RFC 4862)


class SubnetWish(msgspec.Struct, frozen=True, kw_only=True):
    """`gateway` "": the first address; None: none. `pools` None: every usable address but the gateway.

    With a pool, the block is from that: the wished one, or one `prefixlen` long, or one as long as is usual there.
    `delegated`: a prefix for guests that make their own addresses, of the cloud's default pool of IPv6.
    """

    network_id: NetworkId
    cidr: str | None = None
    pool_id: SubnetPoolId | None = None
    default_pool: bool = False
    delegated: bool = False
    prefixlen: int | None = None
    ip_version: int = 4
    ra_mode: Ipv6Mode = ""
    address_mode: Ipv6Mode = ""
    name: str = ""
    project_id: ProjectId | None = None
    description: str = ""
    gateway: str | None = ""
    dhcp: bool = True
    pools: tuple[Pool, ...] | None = None
    dns_servers: tuple[str, ...] = ()
    host_routes: tuple[Route, ...] = ()
    service_types: tuple[str, ...] = ()


class SubnetChange(msgspec.Struct, frozen=True, kw_only=True):
    """`cidr`: a larger block around the present one."""

    cidr: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    gateway: str | UnsetType | None = UNSET
    dhcp: bool | UnsetType = UNSET
    pools: tuple[Pool, ...] | UnsetType = UNSET
    dns_servers: tuple[str, ...] | UnsetType = UNSET
    host_routes: tuple[Route, ...] | UnsetType = UNSET
    service_types: tuple[str, ...] | UnsetType = UNSET
    public_on_launch: bool | UnsetType = UNSET
    if_generation: int | None = None


class SubnetView(msgspec.Struct, frozen=True, kw_only=True):
    """`targets`: whom its network is shared with."""

    subnet: Subnet
    network: Network
    tags: tuple[str, ...]
    targets: tuple[str, ...]


def _views(tx: Transaction, rows: list[Subnet]) -> list[SubnetView]:
    network_ids = tuple({r.network_id for r in rows})
    networks = {n.id: n for n in tx.networks.many(network_ids)}
    tags = reading.tags_of(tx, "subnet", rows)
    targets = reading.targets_of(tx, "network", network_ids)
    return [
        SubnetView(
            subnet=r, network=networks[r.network_id], tags=tags.get(r.id, ()), targets=targets.get(r.network_id, ())
        )
        for r in rows
    ]


def _listed(tx: Transaction, call: Call) -> reading.Filters:
    """Its own, and those of networks that it sees."""
    return (any_of(eq("project_id", call.project_id), is_in("network_id", reading.seen_networks(tx, call))),)


def _shown(tx: Transaction, call: Call, subnet: Subnet) -> bool:
    network = tx.networks.get(subnet.network_id)
    if network is None:
        return False
    mine = network.project_id == call.actor.project_id
    return mine or reading.is_shared_to(tx, "network", network.id, call.actor.project_id)


SUBNETS: Noun[Subnet, SubnetView] = Noun(
    kind="subnet",
    action="subnet",
    rows=lambda tx: tx.subnets,
    views=_views,
    listed=_listed,
    shown=_shown,
)


def create_subnets(house: House, call: Call, wishes: tuple[SubnetWish, ...]) -> list[SubnetView]:
    """All of them or none. Refuses a block that overlaps another of the network."""
    allow(call, "subnet.create")
    for wish in wishes:
        check_wish(house, call, wish)
    return commit(house, lambda tx: _views(tx, [make_subnet(tx, house, call, wish) for wish in wishes]))


def check_wish(house: House, call: Call, wish: SubnetWish) -> None:
    """What needs no look at what is there: that the wish agrees with itself."""
    _check_modes(house, call, wish)
    if wish.delegated and (wish.cidr is not None or not {wish.ra_mode, wish.address_mode} & SELF_ADDRESSED):
        raise Invalid("network", field="pool_id", reason="delegation", value=wish.cidr or wish.address_mode)
    if wish.cidr is not None:
        plan(_draft(wish, wish.cidr))


def update_subnet(house: House, call: Call, subnet_id: SubnetId, change: SubnetChange) -> SubnetView:
    """The block may grow. A gateway that a router's leg has stays (InUse)."""
    allow(call, "subnet.update")

    def write(tx: Transaction) -> list[SubnetView]:
        subnet = reading.owned(tx, call, SUBNETS, subnet_id, "update")
        reading.check_generation(SUBNETS, subnet, change.if_generation)
        wished = replace(subnet, **given(change, "if_generation"), updated_at=call.now)
        if wished.cidr != subnet.cidr:
            wished = _grown(tx, subnet, wished, pools_too=change.pools is UNSET)
        planned = plan(_draft(wished, wished.cidr, checks_dhcp=not subnet.dhcp))
        if planned.gateway != subnet.gateway:
            _check_gateway_free(tx, subnet)
        saved = tx.subnets.save(_with(wished, planned))
        network = reading.there(tx.networks.get(subnet.network_id), "network", subnet.network_id)
        if served(saved) and not served(subnet):
            serve(tx, house, call, network, saved)
        elif served(subnet) and not served(saved):
            unserve(tx, house, call, saved)
        _mark(tx, saved)
        record(tx, house, call, "subnet.update", Thing("subnet", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_subnet(house: House, call: Call, subnet_id: SubnetId) -> None:
    """InUse while a nic, but the network's service, has an address on it."""
    allow(call, "subnet.delete")

    def write(tx: Transaction) -> None:
        subnet = reading.owned(tx, call, SUBNETS, subnet_id, "delete")
        owners = {c.owner for c in tx.claims.with_prefix("address", f"{subnet.id}/")}
        for nic in tx.nics.many(tuple(owners)):
            if nic.deleted_at is None and not _goes_by_itself(nic, subnet):
                raise InUse("network", kind="subnet", id=subnet.id, by_kind="nic", by_id=nic.id)
        unaddress_all(tx, subnet, call.now)
        unserve(tx, house, call, subnet)
        tx.subnets.save(replace(subnet, deleted_at=call.now, updated_at=call.now))
        tx.counters.give_back(subnet.id, "project/")
        tx.labels.drop("subnet", subnet.id)
        _touch_network(tx, subnet.network_id, call.now)
        mark_subnet(tx, subnet.network_id, subnet.id)
        record(tx, house, call, "subnet.delete", Thing("subnet", subnet.id, subnet.project_id))

    commit(house, write)


def _goes_by_itself(nic: Nic, subnet: Subnet) -> bool:
    """Whether the nic's address goes with the subnet: a service's, and those that guests made themselves."""
    return nic.use == "dhcp" or (self_addressed(subnet) and nic.use not in SERVICES | {"vpc_interface"})


def make_subnet(tx: Transaction, house: House, call: Call, wish: SubnetWish) -> Subnet:
    """Inside a transaction; its caller has asked `check_wish` before."""
    network = reading.owned(tx, call, NETWORKS, wish.network_id, "update")
    pool_id = default_pool(tx, call, wish.ip_version) if wish.default_pool or wish.delegated else wish.pool_id
    planned = plan(_draft(wish, _block(tx, call, wish, pool_id)))
    _check_fits(tx, network, planned, pool_id)
    subnet_id = SubnetId(house.chance.uuid())
    project_id = reading.project_for(call, wish.project_id)
    charge(tx, project_id, subnet_id, subnets=1)
    subnet = _with(
        Subnet(
            id=subnet_id,
            network_id=network.id,
            project_id=project_id,
            name=wish.name,
            cidr=planned.cidr,
            gateway=None,
            dhcp=wish.dhcp,
            ra_mode=wish.ra_mode,
            address_mode=wish.address_mode,
            pool_id=pool_id,
            service_types=wish.service_types,
            description=wish.description,
            created_at=call.now,
            updated_at=call.now,
        ),
        planned,
    )
    tx.subnets.insert(subnet)
    if served(subnet):
        serve(tx, house, call, network, subnet)
    if self_addressed(subnet):
        address_all(tx, network.id, subnet, call.now)
    _touch_network(tx, network.id, call.now)
    mark_subnet(tx, network.id, subnet.id)
    record(tx, house, call, "subnet.create", Thing("subnet", subnet.id, project_id), {"network_id": network.id})
    return subnet


def _check_fits(tx: Transaction, network: Network, planned: Plan, pool_id: SubnetPoolId | None) -> None:
    """Beside the network's other subnets: no address twice, and all of an IP version from one pool, or none."""
    check_carries(network.mtu, planned.ip_version)
    check_on_network(tx, network.id, planned.cidr)
    for other in tx.subnets.find(Query(filters=(eq("network_id", network.id), alive()))):
        if other.ip_version == planned.ip_version and other.pool_id != pool_id:
            raise Invalid("network", field="pool_id", reason="other_pool", value=pool_id, network=network.id)


def _grown(tx: Transaction, subnet: Subnet, wished: Subnet, *, pools_too: bool) -> Subnet:
    """With a larger block around the present one; pools that were all of that become all of this. Guests learn of it
    when they ask for their address the next time: until then what is new is beyond their gateway for them."""
    old, new = addressing.block(subnet.cidr), addressing.block(wished.cidr)
    if new.version != old.version or new.prefixlen >= old.prefixlen or old.network_address not in new:
        raise Invalid("network", field="cidr", reason="not_around", value=wished.cidr, other=subnet.cidr)
    if subnet.pool_id is not None:
        raise InUse("network", kind="block", id=subnet.cidr, by_kind="subnet_pool", by_id=subnet.pool_id)
    check_grown(tx, subnet, str(new))
    was_all = subnet.pools == addressing.default_pools(old, subnet.gateway)
    pools = addressing.default_pools(new, wished.gateway) if pools_too and was_all else wished.pools
    return replace(wished, cidr=str(new), pools=pools)


def _block(tx: Transaction, call: Call, wish: SubnetWish, pool_id: SubnetPoolId | None) -> str:
    """The block that the subnet gets: its own, or one of a pool."""
    if pool_id is not None:
        return block_from(tx, call, pool_id, wish.cidr, SELF_MADE_PREFIX if wish.delegated else wish.prefixlen)
    if wish.cidr is None:
        raise Invalid("network", field="cidr", reason="missing", name="cidr")
    return wish.cidr


def _check_modes(house: House, call: Call, wish: SubnetWish) -> None:
    """The IPv6 modes agree with each other, and there is a host that answers by them."""
    check_modes(wish.ra_mode, wish.address_mode, wish.ip_version, dhcp=wish.dhcp)
    if not (wish.ra_mode or wish.address_mode):
        return
    if not any(ADVERTISES in r.host.capabilities for r in house.rooms.look(call.now)):
        raise Unsupported("network", what="ipv6_ra_mode and ipv6_address_mode")


def _draft(wish: SubnetWish | Subnet, cidr: str, *, checks_dhcp: bool = True) -> Draft:
    return Draft(
        cidr=cidr,
        self_addressed=wish.ra_mode in SELF_ADDRESSED or wish.address_mode in SELF_ADDRESSED,
        gateway=wish.gateway,
        pools=wish.pools,
        dhcp=wish.dhcp and checks_dhcp,
        dns_servers=wish.dns_servers,
        host_routes=wish.host_routes,
    )


def _with(subnet: Subnet, planned: Plan) -> Subnet:
    return replace(
        subnet,
        ip_version=planned.ip_version,
        gateway=planned.gateway,
        pools=planned.pools,
        dns_servers=planned.dns_servers,
        host_routes=planned.host_routes,
    )


def _touch_network(tx: Transaction, network_id: NetworkId, now: float) -> None:
    """A network's generation rises with its list of subnets."""
    network = reading.there(tx.networks.get(network_id), "network", network_id)
    tx.networks.save(replace(network, updated_at=now))


def _check_gateway_free(tx: Transaction, subnet: Subnet) -> None:
    if subnet.gateway is None or ip_address(subnet.gateway) not in ip_network(subnet.cidr):
        return
    held = tx.claims.get("address", f"{subnet.id}/{subnet.gateway}")
    nic = tx.nics.get(held.owner) if held is not None else None
    if nic is not None and nic.use == "vpc_interface" and nic.deleted_at is None:
        raise InUse("network", kind="gateway", id=subnet.gateway, by_kind="nic", by_id=nic.id)


def _mark(tx: Transaction, subnet: Subnet) -> None:
    """The subnet, and its routers: the width of its block is theirs, and its gateway their default route."""
    mark_subnet(tx, subnet.network_id, subnet.id)
    for vpc in tx.vpcs.many(routers_on(tx, subnet)):
        mark_vpc(tx, vpc.id, vpc.host_id)
