"""Doors of ranges of network numbers, the provider's; and which number a new network gets."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.addresses import claim_number
from kumoi.app.networks.reading import Noun
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, NoAddress
from kumoi.core.given import given
from kumoi.core.ids import NetworkId, ProjectId, SegmentRangeId
from kumoi.core.networks import Network, check_physical
from kumoi.core.policy import allow
from kumoi.core.query import Filter, Query, alive, eq
from kumoi.core.quotas import Claim
from kumoi.core.segment_ranges import SegmentRange, check, left_by


class SegmentRangeWish(msgspec.Struct, frozen=True, kw_only=True):
    """`project_id` None: everybody's. `physical`: whose VLANs they are; empty: VNIs."""

    first: int
    last: int
    project_id: ProjectId | None = None
    physical: str = ""
    name: str = ""
    description: str = ""


class SegmentRangeChange(msgspec.Struct, frozen=True, kw_only=True):
    first: int | UnsetType = UNSET
    last: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    if_generation: int | None = None


class SegmentRangeView(msgspec.Struct, frozen=True, kw_only=True):
    """`used`: whose networks have which numbers of it."""

    range: SegmentRange
    used: dict[int, ProjectId]


def _views(tx: Transaction, rows: list[SegmentRange]) -> list[SegmentRangeView]:
    return [SegmentRangeView(range=r, used={_number(n): n.project_id for n in _numbered(tx, r)}) for r in rows]


SEGMENT_RANGES: Noun[SegmentRange, SegmentRangeView] = Noun(
    kind="segment_range",
    action="segment_range",
    rows=lambda tx: tx.segment_ranges,
    views=_views,
    listed=reading.own,
    shown=reading.never,
    mortal=False,
)


def create_segment_range(house: House, call: Call, wish: SegmentRangeWish) -> SegmentRangeView:
    """Networks that have such a number already keep it, whosever they are."""
    allow(call, "segment_range.create")
    if wish.physical:
        check_physical(wish.physical, None)
    made = SegmentRange(
        id=SegmentRangeId(house.chance.uuid()),
        project_id=wish.project_id or ProjectId(""),
        first=wish.first,
        last=wish.last,
        physical=wish.physical,
        name=wish.name,
        description=wish.description,
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> list[SegmentRangeView]:
        check(made, tx.segment_ranges.find(Query()))
        tx.segment_ranges.insert(made)
        record(tx, house, call, "segment_range.create", Thing("segment_range", made.id, made.project_id))
        return _views(tx, [made])

    return commit(house, write)[0]


def update_segment_range(
    house: House, call: Call, range_id: SegmentRangeId, change: SegmentRangeChange
) -> SegmentRangeView:
    """InUse where one of its networks would be left outside."""
    allow(call, "segment_range.update")

    def write(tx: Transaction) -> list[SegmentRangeView]:
        was = reading.owned(tx, call, SEGMENT_RANGES, range_id, "update")
        reading.check_generation(SEGMENT_RANGES, was, change.if_generation)
        changed = replace(was, **given(change, "if_generation"), updated_at=call.now)
        check(changed, tx.segment_ranges.find(Query()))
        for network in _its_own(tx, was):
            if _number(network) not in changed:
                raise _needed(was, network)
        saved = tx.segment_ranges.save(changed)
        record(tx, house, call, "segment_range.update", Thing("segment_range", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_segment_range(house: House, call: Call, range_id: SegmentRangeId) -> None:
    """InUse while one of its networks is there."""
    allow(call, "segment_range.delete")

    def write(tx: Transaction) -> None:
        gone = reading.owned(tx, call, SEGMENT_RANGES, range_id, "delete")
        for network in _its_own(tx, gone):
            raise _needed(gone, network)
        tx.segment_ranges.remove(gone.id)
        record(tx, house, call, "segment_range.delete", Thing("segment_range", gone.id, gone.project_id))

    commit(house, write)


def claim_vni(tx: Transaction, house: House, project_id: ProjectId, owner: NetworkId, now: float) -> int:
    """Of the project's own ranges, as long as they have one; else any that is in no other project's."""
    ranges = _of(tx, "")
    found = _own_number(tx, ranges, project_id, lambda n: Claim(kind="vni", key=str(n), owner=owner, at=now))
    if found is not None:
        return found
    return claim_number(tx, house, "vni", owner, now, left_by(one for one in ranges if one.project_id))


def claim_vlan(tx: Transaction, project_id: ProjectId, physical: str, owner: NetworkId, now: float) -> int:
    """A VLAN of a physical network, in the same order; the smallest free one first. Raises NoAddress."""
    ranges = _of(tx, physical)

    def claim(number: int) -> Claim:
        return vlan_claim(physical, number, owner, now)

    found = _own_number(tx, ranges, project_id, claim)
    if found is not None:
        return found
    spans = left_by((one for one in ranges if one.project_id), physical)
    for number in (n for first, last in spans for n in range(first, last + 1)):
        if tx.claims.take(claim(number)):
            return number
    raise NoAddress("network", kind="vlan", pool=physical, size=sum(last - first + 1 for first, last in spans))


def vlan_claim(physical: str, vlan: int, owner: NetworkId, now: float) -> Claim:
    return Claim(kind="vlan", key=f"{physical}/{vlan}", owner=owner, at=now)


def _own_number(
    tx: Transaction, ranges: list[SegmentRange], project_id: ProjectId, claim: Callable[[int], Claim]
) -> int | None:
    for one in ranges:
        if one.project_id == project_id and project_id:
            taken = {_number(network) for network in _numbered(tx, one)}
            for number in range(one.first, one.last + 1):
                if number not in taken and tx.claims.take(claim(number)):
                    return number
    return None


def _of(tx: Transaction, physical: str) -> list[SegmentRange]:
    return tx.segment_ranges.find(Query(filters=(eq("physical", physical),)))


def _number(network: Network) -> int:
    return network.vlan if network.physical else network.vni


def _numbered(tx: Transaction, one: SegmentRange, *more: Filter) -> list[Network]:
    field = "vlan" if one.physical else "vni"
    within = (eq("physical", one.physical), Filter(field, "ge", one.first), Filter(field, "le", one.last))
    return tx.networks.find(Query(filters=(*more, *within, alive())))


def _its_own(tx: Transaction, one: SegmentRange) -> list[Network]:
    """The networks that depend on it: none of a range that is everybody's, for such numbers go on being given."""
    return _numbered(tx, one, eq("project_id", one.project_id)) if one.project_id else []


def _needed(one: SegmentRange, network: Network) -> InUse:
    return InUse("network", kind="segment_range", id=one.id, by_kind="network", by_id=network.id)
