"""Doors of trunks: create, update, delete; what they carry, more and less of it."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.nics import held
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.trunk_ports import drop_trunk, put_in, take_out, trunk_of
from kumoi.app.writing import Thing, charge, commit, mark_nic, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound, Unsupported
from kumoi.core.given import given
from kumoi.core.ids import NicId, ProjectId, TrunkId
from kumoi.core.networks import UNTAGGED
from kumoi.core.nics import Nic, NicStatus, status_of
from kumoi.core.policy import allow
from kumoi.core.trunks import CARRIES, INHERITED, Subport, Trunk, check_subports

_Act = Callable[[Transaction, Trunk], Trunk]


class TrunkWish(msgspec.Struct, frozen=True, kw_only=True):
    nic_id: NicId
    project_id: ProjectId | None = None
    name: str = ""
    description: str = ""
    admin_up: bool = True
    subports: tuple[Subport, ...] = ()


class TrunkChange(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    admin_up: bool | UnsetType = UNSET
    if_generation: int | None = None


class TrunkView(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: of its nic."""

    trunk: Trunk
    status: NicStatus
    tags: tuple[str, ...]


def _views(tx: Transaction, rows: list[Trunk]) -> list[TrunkView]:
    nics = {n.id: n for n in tx.nics.many(tuple(r.nic_id for r in rows))}
    seen = {o.id: o for o in tx.observations.many(tuple({n.instance_id for n in nics.values() if n.instance_id}))}
    tags = reading.tags_of(tx, "trunk", rows)
    found = []
    for row in rows:
        nic = nics[row.nic_id]
        status = status_of(nic, seen.get(nic.instance_id) if nic.instance_id else None)
        found.append(TrunkView(trunk=row, status=status, tags=tags.get(row.id, ())))
    return found


TRUNKS: Noun[Trunk, TrunkView] = Noun(
    kind="trunk",
    action="trunk",
    rows=lambda tx: tx.trunks,
    views=_views,
    listed=reading.own,
    shown=reading.never,
    mortal=False,
)


def create_trunk(house: House, call: Call, wish: TrunkWish) -> TrunkView:
    """Raises InUse when the nic is a part of another trunk, Unsupported where no host takes tagged frames apart."""
    allow(call, "trunk.create")
    check_subports(wish.subports)
    if not any(CARRIES in r.host.capabilities for r in house.rooms.look(call.now)):
        raise Unsupported("network", what="trunks")

    def write(tx: Transaction) -> list[TrunkView]:
        nic = reading.owned(tx, call, NICS, wish.nic_id, "update")
        _check_parent(tx, nic)
        project_id = reading.project_for(call, wish.project_id)
        trunk = Trunk(
            id=TrunkId(house.chance.uuid()),
            project_id=project_id,
            nic_id=nic.id,
            name=wish.name,
            description=wish.description,
            admin_up=wish.admin_up,
            created_at=call.now,
            updated_at=call.now,
        )
        charge(tx, project_id, trunk.id, trunks=1)
        tx.trunks.insert(trunk)
        trunk = tx.trunks.save(_with(tx, house, call, trunk, wish.subports)) if wish.subports else trunk
        mark_nic(tx, nic)
        record(tx, house, call, "trunk.create", Thing("trunk", trunk.id, project_id), {"nic_id": nic.id})
        return _views(tx, [trunk])

    return commit(house, write)[0]


def update_trunk(house: House, call: Call, trunk_id: TrunkId, change: TrunkChange) -> TrunkView:
    allow(call, "trunk.update")

    def write(tx: Transaction) -> list[TrunkView]:
        trunk = reading.owned(tx, call, TRUNKS, trunk_id, "update")
        reading.check_generation(TRUNKS, trunk, change.if_generation)
        saved = tx.trunks.save(replace(trunk, **given(change, "if_generation"), updated_at=call.now))
        record(tx, house, call, "trunk.update", Thing("trunk", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_trunk(house: House, call: Call, trunk_id: TrunkId) -> None:
    """What it carried is nobody's again; its nic stays."""
    allow(call, "trunk.delete")

    def write(tx: Transaction) -> None:
        trunk = _changeable(tx, call, trunk_id)
        drop_trunk(tx, house, call, trunk)
        nic = tx.nics.get(trunk.nic_id)
        if nic is not None:
            mark_nic(tx, nic)

    commit(house, write)


def add_subports(house: House, call: Call, trunk_id: TrunkId, more: tuple[Subport, ...]) -> TrunkView:
    """All of them or none. InUse for a nic that something holds, and for a VLAN that the trunk carries already."""
    check_subports(more)
    return _change(house, call, trunk_id, lambda tx, trunk: _with(tx, house, call, trunk, more))


def remove_subports(house: House, call: Call, trunk_id: TrunkId, nic_ids: tuple[NicId, ...]) -> TrunkView:
    """All of them or none. NotFound for a nic that the trunk does not carry."""

    def without(tx: Transaction, trunk: Trunk) -> Trunk:
        for nic_id in nic_ids:
            if all(one.nic_id != nic_id for one in trunk.subports):
                raise NotFound("network", kind="subport", id=nic_id, trunk=trunk.id)
        for nic in tx.nics.many(nic_ids):
            take_out(tx, nic)
        return replace(trunk, subports=tuple(one for one in trunk.subports if one.nic_id not in nic_ids))

    return _change(house, call, trunk_id, without)


def find_subports(house: House, call: Call, trunk_id: TrunkId) -> tuple[Subport, ...]:
    return reading.show(house, call, TRUNKS, trunk_id).trunk.subports


def _change(house: House, call: Call, trunk_id: TrunkId, act: _Act) -> TrunkView:
    allow(call, "trunk.update")

    def write(tx: Transaction) -> list[TrunkView]:
        changed = act(tx, _changeable(tx, call, trunk_id))
        saved = tx.trunks.save(replace(changed, updated_at=call.now))
        mark_nic(tx, reading.there(tx.nics.get(saved.nic_id), "nic", saved.nic_id))
        record(tx, house, call, "trunk.update", Thing("trunk", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def _changeable(tx: Transaction, call: Call, trunk_id: TrunkId) -> Trunk:
    trunk = reading.owned(tx, call, TRUNKS, trunk_id, "update")
    if not trunk.admin_up:
        raise InUse("network", kind="locked_trunk", id=trunk.id, by_kind="project", by_id=trunk.project_id)
    return trunk


def _check_parent(tx: Transaction, nic: Nic) -> None:
    if nic.use not in {"", "instance"}:
        raise held(nic)
    other = trunk_of(tx, nic)
    if other is not None:
        raise InUse("network", kind="trunk_nic", id=nic.id, by_kind="trunk", by_id=other.id)


def _with(tx: Transaction, house: House, call: Call, trunk: Trunk, more: tuple[Subport, ...]) -> Trunk:
    """The trunk with more (not saved), which are plugged in where its own nic is."""
    parent = reading.there(tx.nics.get(trunk.nic_id), "nic", trunk.nic_id)
    network = reading.there(tx.networks.get(parent.network_id), "network", parent.network_id)
    more = tuple(_with_vlan(tx, one) for one in more)
    for one in more:
        nic = reading.owned(tx, call, NICS, one.nic_id, "update")
        if any(one.vlan == other.vlan for other in trunk.subports):
            raise InUse("network", kind="vlan", id=str(one.vlan), by_kind="trunk", by_id=trunk.id)
        if nic.id == trunk.nic_id or trunk_of(tx, nic) is not None:
            raise InUse("network", kind="trunk_nic", id=nic.id, by_kind="trunk", by_id=trunk.id)
        if nic.use or nic.device_id:
            raise held(nic)
        own = reading.there(tx.networks.get(nic.network_id), "network", nic.network_id)
        if own.mtu > network.mtu:
            raise Invalid("network", field="subports", reason="mtu_of_trunk", value=own.mtu, most=network.mtu)
        put_in(tx, house, trunk, nic, parent)
    subports = (*trunk.subports, *more)
    check_subports(subports)
    return replace(trunk, subports=subports)


def _with_vlan(tx: Transaction, one: Subport) -> Subport:
    """Invalid where the VLAN of its network is asked for, and that has none."""
    if one.vlan != INHERITED:
        return one
    nic = reading.there(tx.nics.get(one.nic_id), "nic", one.nic_id)
    own = reading.there(tx.networks.get(nic.network_id), "network", nic.network_id)
    if own.vlan == UNTAGGED:
        raise Invalid("network", field="vlan", reason="no_vlan_there", value=own.id)
    return Subport(nic_id=one.nic_id, vlan=own.vlan)
