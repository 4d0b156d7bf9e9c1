"""Doors of a router's legs: onto a subnet or by an existing nic, and off again."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.apart import check_legs
from kumoi.app.networks.legs import interfaces, public_of, subnets_of
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.nics import NicWish, drop_nic, forwardings_of, held, make_nic
from kumoi.app.networks.publishing import proxies_of
from kumoi.app.networks.subnets import SUBNETS
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.writing import Thing, commit, mark_nic, mark_vpc, record
from kumoi.contracts.store import Transaction
from kumoi.core import addressing
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, InUse, Invalid, NotFound
from kumoi.core.ids import NicId, SubnetId, VpcId
from kumoi.core.nics import Nic
from kumoi.core.policy import allow, may
from kumoi.core.vpcs import Vpc


class LegWish(msgspec.Struct, frozen=True, kw_only=True):
    """Adding: exactly one of the two. Removing: at least one."""

    subnet_id: SubnetId | None = None
    nic_id: NicId | None = None


class LegView(msgspec.Struct, frozen=True, kw_only=True):
    vpc: Vpc
    nic: Nic


def add_leg(house: House, call: Call, vpc_id: VpcId, wish: LegWish) -> LegView:
    """On a subnet the leg takes the gateway's address; an existing nic brings its own."""
    allow(call, "vpc.update")
    if (wish.subnet_id is None) == (wish.nic_id is None):
        raise Invalid("network", field="subnet_id", reason="one_of", names=["subnet_id", "nic_id"])

    return commit(house, lambda tx: lay_leg(tx, house, call, vpc_id, wish))


def lay_leg(tx: Transaction, house: House, call: Call, vpc_id: VpcId, wish: LegWish) -> LegView:
    """The same inside a transaction."""
    vpc = reading.owned(tx, call, VPCS, vpc_id, "update")
    if wish.subnet_id is not None:
        nic = _by_subnet(tx, house, call, vpc, wish.subnet_id)
    else:
        nic = _by_nic(tx, call, vpc, NicId(wish.nic_id or ""))
    vpc = tx.vpcs.save(replace(vpc, updated_at=call.now))
    mark_vpc(tx, vpc.id, vpc.host_id)
    record(tx, house, call, "vpc.add_leg", Thing("vpc", vpc.id, vpc.project_id), {"nic_id": nic.id})
    return LegView(vpc=vpc, nic=nic)


def remove_leg(house: House, call: Call, vpc_id: VpcId, wish: LegWish) -> LegView:
    """The leg's nic goes too. InUse while routes or public addresses need it."""
    allow(call, "vpc.update")
    if wish.subnet_id is None and wish.nic_id is None:
        raise Invalid("network", field="subnet_id", reason="one_of", names=["subnet_id", "nic_id"])

    def write(tx: Transaction) -> LegView:
        vpc = reading.owned(tx, call, VPCS, vpc_id, "update")
        nic = _leg(tx, vpc, wish)
        _check_unneeded(tx, vpc, nic)
        drop_nic(tx, house, call, nic)
        vpc = tx.vpcs.save(replace(vpc, updated_at=call.now))
        mark_vpc(tx, vpc.id, vpc.host_id)
        record(tx, house, call, "vpc.remove_leg", Thing("vpc", vpc.id, vpc.project_id), {"nic_id": nic.id})
        return LegView(vpc=vpc, nic=nic)

    return commit(house, write)


def _by_subnet(tx: Transaction, house: House, call: Call, vpc: Vpc, subnet_id: SubnetId) -> Nic:
    subnet = reading.visible(tx, call, SUBNETS, subnet_id)
    network = reading.visible(tx, call, NETWORKS, subnet.network_id)
    if not reading.is_usable(tx, "network", network, call.project_id) and not may(call, "nic.place_freely"):
        raise Forbidden("network", action="vpc.add_leg", needs=["admin"])
    if subnet.gateway is None:
        raise Invalid("network", field="subnet_id", reason="no_gateway", value=subnet.id)
    check_legs(tx, vpc.id, [subnet])
    return make_nic(
        tx,
        house,
        call,
        NicWish(
            network_id=subnet.network_id,
            project_id=vpc.project_id,
            fixed_ips=(FixedWish(subnet_id=subnet.id, address=subnet.gateway),),
            use="vpc_interface",
            vpc_id=vpc.id,
            device_id=vpc.id,
            host_id=vpc.host_id,
        ),
    )


def _by_nic(tx: Transaction, call: Call, vpc: Vpc, nic_id: NicId) -> Nic:
    nic = reading.owned(tx, call, NICS, nic_id, "update")
    if nic.use or nic.device_id:
        raise held(nic)
    if not nic.fixed_ips:
        raise Invalid("network", field="nic_id", reason="no_address", value=nic.id)
    subnets = tx.subnets.many(tuple({ip.subnet_id for ip in nic.fixed_ips}))
    if sum(s.ip_version == 4 for s in subnets) > 1:
        raise Invalid("network", field="nic_id", reason="several_subnets", value=nic.id)
    check_legs(tx, vpc.id, subnets)
    saved = tx.nics.save(
        replace(
            nic,
            use="vpc_interface",
            vpc_id=vpc.id,
            device_id=vpc.id,
            device_owner="",
            host_id=vpc.host_id,
            group_ids=(),
            pairs=(),
            port_security=False,
        )
    )
    mark_nic(tx, saved, former_groups=nic.group_ids)
    return saved


def _leg(tx: Transaction, vpc: Vpc, wish: LegWish) -> Nic:
    """The leg that the wish names. NotFound when the router has none such, Invalid when nic and subnet do not agree."""
    for nic in interfaces(tx, vpc.id):
        on = {ip.subnet_id for ip in nic.fixed_ips}
        if wish.nic_id is not None and nic.id == wish.nic_id:
            if wish.subnet_id is not None and wish.subnet_id not in on:
                raise Invalid("network", field="subnet_id", reason="not_of_nic", value=wish.subnet_id, nic=nic.id)
            return nic
        if wish.nic_id is None and wish.subnet_id in on:
            return nic
    raise NotFound("network", kind="leg", id=wish.nic_id or wish.subnet_id or "", vpc=vpc.id)


def _check_unneeded(tx: Transaction, vpc: Vpc, nic: Nic) -> None:
    """No route goes by this leg's subnets, no public address leads there."""
    cidrs = [s.cidr for s in subnets_of(tx, [nic])]
    for route in vpc.routes:
        if any(addressing.contains(c, route.nexthop) for c in cidrs):
            raise InUse("network", kind="leg", id=nic.id, by_kind="route", by_id=route.destination, vpc=vpc.id)
    for proxy in proxies_of(tx, vpc.id):
        if any(addressing.contains(c, proxy.address) for c in cidrs):
            raise InUse("network", kind="leg", id=nic.id, by_kind="ndp_proxy", by_id=proxy.id, vpc=vpc.id)
    for public in public_of(tx, vpc.id):
        led_to = (public.fixed_address, *(f.address for f in forwardings_of(tx, public.id)))
        if any(addressing.contains(c, address) for c in cidrs for address in led_to if address is not None):
            raise InUse("network", kind="leg", id=nic.id, by_kind="public_address", by_id=public.id, vpc=vpc.id)
