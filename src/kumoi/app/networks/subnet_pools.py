"""Doors of subnet pools, and the choosing of a subnet's block from one."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.address_scopes import ADDRESS_SCOPES
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.sharing import Owned, drop_shares, set_for_all
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.addressing import block, overlapping
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NoAddress, NotFound, QuotaExceeded
from kumoi.core.given import given
from kumoi.core.ids import AddressScopeId, ProjectId, SubnetPoolId
from kumoi.core.networks import Subnet
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq
from kumoi.core.subnet_pools import LONGEST, SHORTEST, SubnetPool, amount, checked, first_free, merged, within


class SubnetPoolWish(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths None: the longest and shortest there are, and the shortest as the usual one."""

    prefixes: tuple[str, ...]
    name: str = ""
    project_id: ProjectId | None = None
    description: str = ""
    default_prefixlen: int | None = None
    min_prefixlen: int | None = None
    max_prefixlen: int | None = None
    scope_id: AddressScopeId | None = None
    shared: bool = False
    is_default: bool = False
    quota: int | None = None


class SubnetPoolChange(msgspec.Struct, frozen=True, kw_only=True):
    """`prefixes` may only grow here; `remove_prefixes` is the way to shrink them."""

    prefixes: tuple[str, ...] | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    default_prefixlen: int | UnsetType = UNSET
    min_prefixlen: int | UnsetType = UNSET
    max_prefixlen: int | UnsetType = UNSET
    scope_id: AddressScopeId | UnsetType | None = UNSET
    is_default: bool | UnsetType = UNSET
    quota: int | UnsetType | None = UNSET
    if_generation: int | None = None


class SubnetPoolView(msgspec.Struct, frozen=True, kw_only=True):
    """`targets`: whom it is shared with."""

    pool: SubnetPool
    tags: tuple[str, ...]
    targets: tuple[str, ...]


def _views(tx: Transaction, rows: list[SubnetPool]) -> list[SubnetPoolView]:
    tags = reading.tags_of(tx, "subnet_pool", rows)
    targets = reading.targets_of(tx, "subnet_pool", tuple(r.id for r in rows))
    return [SubnetPoolView(pool=r, tags=tags.get(r.id, ()), targets=targets.get(r.id, ())) for r in rows]


SUBNET_POOLS: Noun[SubnetPool, SubnetPoolView] = Noun(
    kind="subnet_pool",
    action="subnet_pool",
    rows=lambda tx: tx.subnet_pools,
    views=_views,
    listed=reading.own_and_shared("subnet_pool"),
    shown=reading.shown_if_shared("subnet_pool"),
)


def create_subnet_pool(house: House, call: Call, wish: SubnetPoolWish) -> SubnetPoolView:
    """Refuses lengths out of order, mixed IP versions, a second default of an IP version."""
    allow(call, "subnet_pool.create")
    if wish.shared or wish.is_default:
        allow(call, "network.share")
    pool = _made(house, call, wish)

    def write(tx: Transaction) -> list[SubnetPoolView]:
        _check_only_default(tx, pool)
        charge(tx, pool.project_id, pool.id, subnet_pools=1)
        if pool.scope_id is not None:
            check_scope(tx, call, pool)
        tx.subnet_pools.insert(pool)
        set_for_all(tx, house, call, _owned(pool), "use", wanted=wish.shared)
        record(tx, house, call, "subnet_pool.create", Thing("subnet_pool", pool.id, pool.project_id))
        return _views(tx, [pool])

    return commit(house, write)[0]


def update_subnet_pool(house: House, call: Call, pool_id: SubnetPoolId, change: SubnetPoolChange) -> SubnetPoolView:
    allow(call, "subnet_pool.update")
    if change.is_default is True:
        allow(call, "network.share")

    def changed(pool: SubnetPool) -> SubnetPool:
        reading.check_generation(SUBNET_POOLS, pool, change.if_generation)
        wanted = replace(pool, **given(change, "if_generation", "prefixes"))
        if isinstance(change.prefixes, tuple):
            prefixes = _of_version(pool, merged(change.prefixes))
            if merged((*prefixes, *pool.prefixes)) != prefixes:
                raise Invalid("network", field="prefixes", reason="prefixes_shrink")
            wanted = replace(wanted, prefixes=prefixes)
        return checked(wanted)

    def write(tx: Transaction) -> list[SubnetPoolView]:
        pool = reading.owned(tx, call, SUBNET_POOLS, pool_id, "update")
        wanted = changed(pool)
        if wanted.is_default and not pool.is_default:
            _check_only_default(tx, wanted)
        if wanted.scope_id is not None and (wanted.scope_id, wanted.prefixes) != (pool.scope_id, pool.prefixes):
            check_scope(tx, call, wanted)
        return _views(tx, [_save(tx, house, call, wanted)])

    return commit(house, write)[0]


def change_prefixes(
    house: House, call: Call, pool_id: SubnetPoolId, prefixes: tuple[str, ...], *, more: bool
) -> SubnetPoolView:
    """Add blocks, or take away blocks that no subnet lies in (InUse)."""
    allow(call, "subnet_pool.update")

    def write(tx: Transaction) -> list[SubnetPoolView]:
        pool = reading.owned(tx, call, SUBNET_POOLS, pool_id, "update")
        wanted = _of_version(pool, merged(prefixes))
        if more:
            left = merged((*pool.prefixes, *wanted))
            if pool.scope_id is not None:
                check_scope(tx, call, replace(pool, prefixes=left))
        else:
            left = _without(pool, wanted)
            for subnet in subnets_of(tx, pool.id):
                if not within(replace(pool, prefixes=left, min_prefixlen=0), subnet.cidr):
                    raise InUse("network", kind="subnet_pool", id=pool.id, by_kind="subnet", by_id=subnet.id)
        return _views(tx, [_save(tx, house, call, replace(pool, prefixes=left))])

    return commit(house, write)[0]


def delete_subnet_pool(house: House, call: Call, pool_id: SubnetPoolId) -> None:
    """InUse while a subnet has its block from it."""
    allow(call, "subnet_pool.delete")

    def write(tx: Transaction) -> None:
        pool = reading.owned(tx, call, SUBNET_POOLS, pool_id, "delete")
        for subnet in subnets_of(tx, pool.id):
            raise InUse("network", kind="subnet_pool", id=pool.id, by_kind="subnet", by_id=subnet.id)
        tx.subnet_pools.remove(pool.id)
        tx.counters.give_back(pool.id, "project/")
        drop_shares(tx, _owned(pool))
        tx.labels.drop("subnet_pool", pool.id)
        record(tx, house, call, "subnet_pool.delete", Thing("subnet_pool", pool.id, pool.project_id))

    commit(house, write)


def check_scope(tx: Transaction, call: Call, pool: SubnetPool) -> None:
    """The pool fits its address scope: one that the caller may use, of its IP version, where nothing overlaps it.

    Only who owns the scope, or may act for all, changes blocks in it.
    """
    scope_id = reading.there(pool.scope_id, "address_scope", "")
    scope = reading.visible(tx, call, ADDRESS_SCOPES, scope_id)
    if scope.project_id != pool.project_id and not reading.is_usable(tx, "address_scope", scope, pool.project_id):
        raise NotFound("network", kind="address_scope", id=scope.id)
    if scope.project_id != call.actor.project_id and not reading.sees_all(call) and tx.subnet_pools.get(pool.id):
        raise Invalid("network", field="prefixes", reason="other_project", value=scope.id)
    if scope.ip_version != pool.ip_version:
        raise Invalid("network", field="scope_id", reason="wrong_ip_version", value=scope.id, wanted=pool.ip_version)
    for other in tx.subnet_pools.find(Query(filters=(eq("scope_id", scope.id), alive()))):
        clash = next((c for p in pool.prefixes if (c := overlapping(block(p), other.prefixes))), None)
        if other.id != pool.id and clash is not None:
            raise InUse("network", kind="prefix", id=clash, by_kind="subnet_pool", by_id=other.id)


# --- inside the door of subnets ---------------------------------------------------------------------


def default_pool(tx: Transaction, call: Call, ip_version: int) -> SubnetPoolId:
    """The cloud's default pool of an IP version."""
    defaults = Query(filters=(eq("is_default", value=True), eq("ip_version", ip_version), alive()), limit=1)
    for pool in tx.subnet_pools.find(defaults):
        return pool.id
    raise NotFound("network", kind="default_subnet_pool", id=f"IPv{ip_version}")


def block_from(tx: Transaction, call: Call, pool_id: SubnetPoolId, wished: str | None, prefixlen: int | None) -> str:
    """The wished block if the pool has it free, or its first free one. Raises Invalid, NoAddress, QuotaExceeded."""
    pool = reading.visible(tx, call, SUBNET_POOLS, pool_id)
    taken = subnets_of(tx, pool.id)
    length = pool.default_prefixlen if prefixlen is None else prefixlen
    if wished is None and not pool.min_prefixlen <= length <= pool.max_prefixlen:
        bound = f"from {pool.min_prefixlen} to {pool.max_prefixlen}"
        raise Invalid("network", field="prefixlen", reason="range", bound=bound, value=length)
    if wished is not None and not within(pool, wished):
        raise Invalid("network", field="cidr", reason="not_in_pool", value=wished, pool=pool.id)
    found = first_free(pool, length, (s.cidr for s in taken)) if wished is None else _if_free(wished, taken)
    if found is None:
        raise NoAddress("network", kind="block", pool=list(pool.prefixes), size=len(taken))
    _check_quota(call, pool, found, taken)
    return found


def subnets_of(tx: Transaction, pool_id: SubnetPoolId) -> list[Subnet]:
    return tx.subnets.find(Query(filters=(eq("pool_id", pool_id), alive())))


def _if_free(wished: str, taken: list[Subnet]) -> str | None:
    one = block(wished)
    return None if any(one.overlaps(block(s.cidr)) for s in taken) else str(one)


def _check_quota(call: Call, pool: SubnetPool, wanted: str, taken: list[Subnet]) -> None:
    if pool.quota is None:
        return
    used = amount(s.cidr for s in taken if s.project_id == call.project_id)
    more = amount((wanted,))
    if used + more > pool.quota:
        raise QuotaExceeded("network", resource="subnet_pool", wanted=more, used=used, limit=pool.quota)


def _made(house: House, call: Call, wish: SubnetPoolWish) -> SubnetPool:
    prefixes = merged(wish.prefixes)
    version = block(prefixes[0]).version
    least = SHORTEST[version] if wish.min_prefixlen is None else wish.min_prefixlen
    return checked(
        SubnetPool(
            id=SubnetPoolId(house.chance.uuid()),
            project_id=reading.project_for(call, wish.project_id),
            name=wish.name,
            ip_version=version,
            prefixes=prefixes,
            min_prefixlen=least,
            default_prefixlen=least if wish.default_prefixlen is None else wish.default_prefixlen,
            max_prefixlen=LONGEST[version] if wish.max_prefixlen is None else wish.max_prefixlen,
            description=wish.description,
            scope_id=wish.scope_id,
            is_default=wish.is_default,
            quota=wish.quota,
            created_at=call.now,
            updated_at=call.now,
        )
    )


def _save(tx: Transaction, house: House, call: Call, pool: SubnetPool) -> SubnetPool:
    record(tx, house, call, "subnet_pool.update", Thing("subnet_pool", pool.id, pool.project_id))
    return tx.subnet_pools.save(replace(pool, updated_at=call.now))


def _owned(pool: SubnetPool) -> Owned:
    return Owned(kind="subnet_pool", id=pool.id, project_id=pool.project_id)


def _check_only_default(tx: Transaction, pool: SubnetPool) -> None:
    same = Query(filters=(eq("is_default", value=True), eq("ip_version", pool.ip_version), alive()), limit=1)
    if pool.is_default:
        for other in tx.subnet_pools.find(same):
            raise InUse("network", kind="default_subnet_pool", id=pool.id, by_kind="subnet_pool", by_id=other.id)


def _of_version(pool: SubnetPool, prefixes: tuple[str, ...]) -> tuple[str, ...]:
    if block(prefixes[0]).version != pool.ip_version:
        raise Invalid("network", field="prefixes", reason="mixed_ip_versions")
    return prefixes


def _without(pool: SubnetPool, gone: tuple[str, ...]) -> tuple[str, ...]:
    """The pool's blocks but these, which it must have as they are written."""
    for prefix in gone:
        if prefix not in pool.prefixes:
            raise Invalid("network", field="prefixes", reason="not_in_pool", value=prefix, pool=pool.id)
    left = tuple(p for p in pool.prefixes if p not in gone)
    if not left:
        raise Invalid("network", field="prefixes", reason="missing", name="prefixes")
    return left
