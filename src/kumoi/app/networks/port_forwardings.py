"""Doors of port forwardings: single ports of a public address lead to nics. As a whole the address leads to none."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.nics import drop_forwarding, forwardings_of, mark_public
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, choose_fixed, lead_by, way_to
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, NotFound
from kumoi.core.given import given
from kumoi.core.ids import NicId, PortForwardingId, PublicAddressId
from kumoi.core.policy import allow
from kumoi.core.port_forwardings import PortForwarding, Ports, checked
from kumoi.core.vpcs import PublicAddress


class ForwardingWish(msgspec.Struct, frozen=True, kw_only=True):
    """`address` None: the nic's only one."""

    nic_id: NicId
    protocol: str
    outer: Ports
    inner: Ports
    address: str | None = None
    description: str = ""


class ForwardingChange(msgspec.Struct, frozen=True, kw_only=True):
    nic_id: NicId | UnsetType = UNSET
    address: str | UnsetType = UNSET
    protocol: str | UnsetType = UNSET
    outer: Ports | UnsetType = UNSET
    inner: Ports | UnsetType = UNSET
    description: str | UnsetType = UNSET


def find_forwardings(house: House, call: Call, public_id: PublicAddressId) -> list[PortForwarding]:
    allow(call, "public_address.read")

    def read(tx: Transaction) -> list[PortForwarding]:
        return forwardings_of(tx, reading.visible(tx, call, PUBLIC_ADDRESSES, public_id).id)

    return house.store.read(read)


def show_forwarding(
    house: House, call: Call, public_id: PublicAddressId, forwarding_id: PortForwardingId
) -> PortForwarding:
    allow(call, "public_address.read")

    def read(tx: Transaction) -> PortForwarding:
        return _of(tx, reading.visible(tx, call, PUBLIC_ADDRESSES, public_id), forwarding_id)

    return house.store.read(read)


def create_forwarding(house: House, call: Call, public_id: PublicAddressId, wish: ForwardingWish) -> PortForwarding:
    """InUse when the address leads somewhere as a whole, or one of the ports is forwarded; NotFound (kind way) when no
    router leads from it to the nic."""
    allow(call, "public_address.update")

    def write(tx: Transaction) -> PortForwarding:
        public = reading.owned(tx, call, PUBLIC_ADDRESSES, public_id, "update")
        if public.nic_id is not None:
            raise InUse("network", kind="led_address", id=public.id, by_kind="nic", by_id=public.nic_id)
        made = PortForwarding(
            id=PortForwardingId(house.chance.uuid()),
            project_id=public.project_id,
            public_id=public.id,
            nic_id=wish.nic_id,
            address=wish.address or "",
            protocol=wish.protocol,
            outer=wish.outer,
            inner=wish.inner,
            description=wish.description,
            created_at=call.now,
            updated_at=call.now,
        )
        made = _led(tx, call, public, made)
        tx.port_forwardings.insert(made)
        _record(tx, house, call, made, "create")
        return made

    return commit(house, write)


def update_forwarding(
    house: House, call: Call, public_id: PublicAddressId, forwarding_id: PortForwardingId, change: ForwardingChange
) -> PortForwarding:
    """Like creation."""
    allow(call, "public_address.update")

    def write(tx: Transaction) -> PortForwarding:
        public = reading.owned(tx, call, PUBLIC_ADDRESSES, public_id, "update")
        was = _of(tx, public, forwarding_id)
        wanted = replace(was, **given(change), updated_at=call.now)
        if change.nic_id is not UNSET and change.address is UNSET and wanted.nic_id != was.nic_id:
            wanted = replace(wanted, address="")
        saved = tx.port_forwardings.save(_led(tx, call, public, wanted))
        _record(tx, house, call, saved, "update")
        return saved

    return commit(house, write)


def delete_forwarding(house: House, call: Call, public_id: PublicAddressId, forwarding_id: PortForwardingId) -> None:
    allow(call, "public_address.update")

    def write(tx: Transaction) -> None:
        public = reading.owned(tx, call, PUBLIC_ADDRESSES, public_id, "update")
        gone = _of(tx, public, forwarding_id)
        drop_forwarding(tx, gone, call.now)
        _record(tx, house, call, gone, "delete")

    commit(house, write)


def _of(tx: Transaction, public: PublicAddress, forwarding_id: PortForwardingId) -> PortForwarding:
    found = tx.port_forwardings.get(forwarding_id)
    if found is None or found.public_id != public.id:
        raise NotFound("network", kind="port_forwarding", id=forwarding_id)
    return found


def _led(tx: Transaction, call: Call, public: PublicAddress, wanted: PortForwarding) -> PortForwarding:
    """The forwarding to a nic that its address reaches (not saved); the address follows its router."""
    nic = reading.owned(tx, call, NICS, wanted.nic_id, "update")
    fixed = choose_fixed(tx, nic, wanted.address or None)
    wanted = checked(replace(wanted, address=fixed.address), forwardings_of(tx, public.id))
    vpc = way_to(tx, public, fixed)
    if vpc is None or public.vpc_id not in {None, vpc.id}:
        raise NotFound("network", kind="way", id=nic.id, network_id=public.network_id, subnet_id=fixed.subnet_id)
    lead_by(tx, public, vpc)
    mark_public(tx, tx.public_addresses.save(replace(public, vpc_id=vpc.id, updated_at=call.now)))
    return wanted


def _record(tx: Transaction, house: House, call: Call, one: PortForwarding, verb: str) -> None:
    thing = Thing("port_forwarding", one.id, one.project_id)
    record(tx, house, call, f"port_forwarding.{verb}", thing, {"public_id": one.public_id})
