"""Doors of routers' conntrack helpers."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.writing import Thing, commit, mark_vpc, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.conntrack_helpers import ConntrackHelper, checked
from kumoi.core.errors import NotFound
from kumoi.core.given import given
from kumoi.core.ids import ConntrackHelperId, VpcId
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq
from kumoi.core.vpcs import Vpc


class HelperWish(msgspec.Struct, frozen=True, kw_only=True):
    helper: str
    protocol: str
    port: int


class HelperChange(msgspec.Struct, frozen=True, kw_only=True):
    helper: str | UnsetType = UNSET
    protocol: str | UnsetType = UNSET
    port: int | UnsetType = UNSET


def find_helpers(house: House, call: Call, vpc_id: VpcId) -> list[ConntrackHelper]:
    allow(call, "vpc.read")
    return house.store.read(lambda tx: helpers_of(tx, reading.visible(tx, call, VPCS, vpc_id)))


def show_helper(house: House, call: Call, vpc_id: VpcId, helper_id: ConntrackHelperId) -> ConntrackHelper:
    allow(call, "vpc.read")
    return house.store.read(lambda tx: _of(tx, reading.visible(tx, call, VPCS, vpc_id), helper_id))


def create_helper(house: House, call: Call, vpc_id: VpcId, wish: HelperWish) -> ConntrackHelper:
    """Invalid for what nobody speaks, Taken where another helper reads the port."""
    allow(call, "vpc.update")

    def write(tx: Transaction) -> ConntrackHelper:
        vpc = reading.owned(tx, call, VPCS, vpc_id, "update")
        made = ConntrackHelper(
            id=ConntrackHelperId(house.chance.uuid()),
            project_id=vpc.project_id,
            vpc_id=vpc.id,
            **msgspec.structs.asdict(wish),
            created_at=call.now,
            updated_at=call.now,
        )
        tx.conntrack_helpers.insert(checked(made, helpers_of(tx, vpc)))
        _changed(tx, house, call, vpc)
        return made

    return commit(house, write)


def update_helper(
    house: House, call: Call, vpc_id: VpcId, helper_id: ConntrackHelperId, change: HelperChange
) -> ConntrackHelper:
    """Like creation."""
    allow(call, "vpc.update")

    def write(tx: Transaction) -> ConntrackHelper:
        vpc = reading.owned(tx, call, VPCS, vpc_id, "update")
        wanted = replace(_of(tx, vpc, helper_id), **given(change), updated_at=call.now)
        saved = tx.conntrack_helpers.save(checked(wanted, helpers_of(tx, vpc)))
        _changed(tx, house, call, vpc)
        return saved

    return commit(house, write)


def delete_helper(house: House, call: Call, vpc_id: VpcId, helper_id: ConntrackHelperId) -> None:
    allow(call, "vpc.update")

    def write(tx: Transaction) -> None:
        vpc = reading.owned(tx, call, VPCS, vpc_id, "update")
        tx.conntrack_helpers.remove(_of(tx, vpc, helper_id).id)
        _changed(tx, house, call, vpc)

    commit(house, write)


def helpers_of(tx: Transaction, vpc: Vpc) -> list[ConntrackHelper]:
    """The eldest first."""
    order = (Order("created_at"), Order("id"))
    return tx.conntrack_helpers.find(Query(filters=(eq("vpc_id", vpc.id),), order=order))


def _of(tx: Transaction, vpc: Vpc, helper_id: ConntrackHelperId) -> ConntrackHelper:
    found = tx.conntrack_helpers.get(helper_id)
    if found is None or found.vpc_id != vpc.id:
        raise NotFound("network", kind="conntrack_helper", id=helper_id)
    return found


def _changed(tx: Transaction, house: House, call: Call, vpc: Vpc) -> None:
    mark_vpc(tx, vpc.id, vpc.host_id)
    record(tx, house, call, "vpc.update", Thing("vpc", vpc.id, vpc.project_id))
