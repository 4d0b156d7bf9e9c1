"""Claims and counters: what may be had once, and what up to a limit. The database decides, in one statement each."""

from collections import Counter as Tally
from functools import lru_cache

from sqlalchemy import Executable, Integer, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from kumoi.adapters.sql.connection import Session
from kumoi.adapters.sql.queries import LAST_CHARACTER
from kumoi.adapters.sql.tables import allocations, claims, counters
from kumoi.core.quotas import UNLIMITED, Allocation, Claim, ClaimKind, Counter


def starts(column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the column starts with `prefix`, by index; its parameters are `between(prefix)`."""
    return and_(column >= bindparam("start"), column < bindparam("end"))


def between(prefix: str) -> dict[str, str]:
    return {"start": prefix, "end": prefix + LAST_CHARACTER}


_CLAIM = (claims.c.kind, claims.c.key, claims.c.owner, claims.c.at)
_THIS_CLAIM = and_(claims.c.kind == bindparam("kind"), claims.c.key == bindparam("key"))
_TAKE_CLAIM = (
    insert(claims)
    .values({c.name: bindparam(c.name) for c in _CLAIM})
    .on_conflict_do_nothing()
    .returning(claims.c.key)  # never the row count: the drivers disagree about it
)
_GET_CLAIM = select(*_CLAIM).where(_THIS_CLAIM)
_CLAIMS_UNDER = select(*_CLAIM).where(claims.c.kind == bindparam("kind"), starts(claims.c.key)).order_by(claims.c.key)
_LATEST = (
    select(*_CLAIM)
    .where(claims.c.kind == bindparam("kind"), starts(claims.c.key))
    .order_by(claims.c.at.desc(), claims.c.key.desc())
    .limit(bindparam("most", type_=Integer))
)
_CLAIMS_OF = select(*_CLAIM).where(claims.c.owner == bindparam("owner")).order_by(claims.c.kind, claims.c.key)
_DROP_CLAIM = delete(claims).where(_THIS_CLAIM)
_DROP_OWNER = delete(claims).where(claims.c.owner == bindparam("owner"))


class SqlClaims:
    """`contracts.store.claims.Claims`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, claim: Claim) -> bool:
        taken = self._session.change(_TAKE_CLAIM, kind=claim.kind, key=claim.key, owner=claim.owner, at=claim.at)
        return bool(taken)

    def drop(self, kind: ClaimKind, key: str) -> None:
        self._session.change(_DROP_CLAIM, kind=kind, key=key)

    def drop_owner(self, owner: str) -> None:
        self._session.change(_DROP_OWNER, owner=owner)

    def get(self, kind: ClaimKind, key: str) -> Claim | None:
        rows = self._session.rows(_GET_CLAIM, kind=kind, key=key)
        return _claim(*rows[0]) if rows else None

    def of(self, owner: str) -> list[Claim]:
        return [_claim(*row) for row in self._session.rows(_CLAIMS_OF, owner=owner)]

    def with_prefix(self, kind: ClaimKind, prefix: str) -> list[Claim]:
        return [_claim(*row) for row in self._session.rows(_CLAIMS_UNDER, kind=kind, **between(prefix))]

    def latest(self, kind: ClaimKind, prefix: str) -> Claim | None:
        rows = self._session.rows(_LATEST, kind=kind, most=1, **between(prefix))
        return _claim(*rows[0]) if rows else None


def _claim(kind: ClaimKind, key: str, owner: str, at: float) -> Claim:
    return Claim(kind=kind, key=key, owner=owner, at=at)


_COUNTER = (counters.c.scope, counters.c.resource, counters.c.used, counters.c.most)
_THIS_COUNTER = and_(counters.c.scope == bindparam("of_scope"), counters.c.resource == bindparam("of_resource"))
_SET_MOST = (
    insert(counters)
    .values(scope=bindparam("scope"), resource=bindparam("resource"), used=0, most=bindparam("most"))
    .on_conflict_do_update(index_elements=["scope", "resource"], set_={"most": bindparam("most")})
)
_DROP_COUNTER = delete(counters).where(_THIS_COUNTER)
_TAKE = (
    update(counters)
    .where(_THIS_COUNTER)
    .where(or_(counters.c.most == UNLIMITED, counters.c.used + bindparam("amount") <= counters.c.most))
    .values(used=counters.c.used + bindparam("amount"))
    .returning(counters.c.used)
)
_GIVE_BACK = update(counters).where(_THIS_COUNTER).values(used=counters.c.used - bindparam("amount"))
_GET_COUNTER = select(*_COUNTER).where(_THIS_COUNTER)
_COUNTERS_UNDER = select(*_COUNTER).where(starts(counters.c.scope)).order_by(counters.c.scope, counters.c.resource)

_BOUND = case((counters.c.most > 0, counters.c.most), else_=0)
_TOTALS = (
    select(counters.c.resource, func.sum(counters.c.used), func.sum(_BOUND))
    .where(starts(counters.c.scope))
    .group_by(counters.c.resource)
)

_ALLOCATION = (allocations.c.consumer, allocations.c.provider, allocations.c.resource, allocations.c.amount)
_ALLOCATE = insert(allocations).values({c.name: bindparam(c.name) for c in _ALLOCATION})
_HELD = (
    select(allocations.c.consumer, allocations.c.provider, allocations.c.resource, func.sum(allocations.c.amount))
    .where(starts(allocations.c.provider))
    .group_by(allocations.c.provider, allocations.c.consumer, allocations.c.resource)
    .having(func.sum(allocations.c.amount) != 0)
    .order_by(allocations.c.provider, allocations.c.consumer, allocations.c.resource)
)
_ALLOCATIONS = select(*_ALLOCATION).where(allocations.c.consumer == bindparam("consumer")).order_by(allocations.c.row)


@lru_cache(maxsize=2)
def _deallocate(*, narrowed: bool) -> Executable:
    statement = delete(allocations).where(allocations.c.consumer == bindparam("consumer"))
    if narrowed:
        statement = statement.where(starts(allocations.c.provider))
    return statement.returning(allocations.c.provider, allocations.c.resource, allocations.c.amount)


class SqlCounters:
    """`contracts.store.claims.Counters`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def set_most(self, scope: str, resource: str, most: int) -> None:
        self._session.change(_SET_MOST, scope=scope, resource=resource, most=most)

    def drop(self, scope: str, resource: str) -> None:
        self._session.change(_DROP_COUNTER, of_scope=scope, of_resource=resource)

    def take(self, allocation: Allocation) -> bool:
        of = {"of_scope": allocation.provider, "of_resource": allocation.resource}
        if not self._session.change(_TAKE, **of, amount=allocation.amount):
            return False
        self._allocate(allocation, allocation.amount)
        return True

    def lower(self, allocation: Allocation) -> None:
        of = {"of_scope": allocation.provider, "of_resource": allocation.resource}
        self._session.change(_GIVE_BACK, **of, amount=allocation.amount)
        self._allocate(allocation, -allocation.amount)

    def _allocate(self, allocation: Allocation, amount: int) -> None:
        self._session.change(
            _ALLOCATE,
            consumer=allocation.consumer,
            provider=allocation.provider,
            resource=allocation.resource,
            amount=amount,
        )

    def give_back(self, consumer: str, provider_prefix: str = "") -> None:
        narrowing = between(provider_prefix) if provider_prefix else {}
        gone = self._session.change(_deallocate(narrowed=bool(narrowing)), consumer=consumer, **narrowing)
        sums: Tally[tuple[str, str]] = Tally()
        for provider, resource, amount in gone:
            sums[provider, resource] += amount
        for (provider, resource), amount in sorted(sums.items()):
            self._session.change(_GIVE_BACK, of_scope=provider, of_resource=resource, amount=amount)

    def totals(self, scope_prefix: str) -> dict[str, Counter]:
        rows = self._session.rows(_TOTALS, **between(scope_prefix))
        return {resource: _counter(scope_prefix, resource, int(used), int(most)) for resource, used, most in rows}

    def get(self, scope: str, resource: str) -> Counter | None:
        rows = self._session.rows(_GET_COUNTER, of_scope=scope, of_resource=resource)
        return _counter(*rows[0]) if rows else None

    def under(self, scope_prefix: str) -> list[Counter]:
        return [_counter(*row) for row in self._session.rows(_COUNTERS_UNDER, **between(scope_prefix))]

    def allocations(self, consumer: str) -> list[Allocation]:
        rows = self._session.rows(_ALLOCATIONS, consumer=consumer)
        return [Allocation(consumer=c, provider=p, resource=r, amount=n) for c, p, r, n in rows]

    def held(self, provider_prefix: str) -> list[Allocation]:
        rows = self._session.rows(_HELD, **between(provider_prefix))
        return [Allocation(consumer=c, provider=p, resource=r, amount=int(n)) for c, p, r, n in rows]


def _counter(scope: str, resource: str, used: int, most: int) -> Counter:
    return Counter(scope=scope, resource=resource, used=used, most=most)
