"""How every noun of networks is looked up and listed: what a caller sees, may change, and gets to hear about it.

One `Noun` value a kind; the doors of a kind are in its own file.
"""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.rows import Rows
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, NotFound, Stale
from kumoi.core.ids import ProjectId
from kumoi.core.policy import allow, may
from kumoi.core.query import AnyOf, Filter, Query, alive, any_of, eq, is_in
from kumoi.core.shares import EVERYONE, SharedKind

TAG = "tag"


class Row(Protocol):
    """What all rows of networks have."""

    @property
    def id(self) -> Any: ...
    @property
    def project_id(self) -> ProjectId: ...
    @property
    def generation(self) -> int: ...


R = TypeVar("R", bound=Row)
T = TypeVar("T")
V = TypeVar("V")
Filters = tuple[Filter | AnyOf, ...]
Listed = Callable[[Transaction, Call], Filters]


class Noun(msgspec.Struct, Generic[R, V], frozen=True, kw_only=True):
    """`kind` names it in errors and labels, `action` in the policy.

    rows     its rows in a transaction
    views    rows → what doors answer: the rows with what hangs on them
    listed   the filters that leave what a caller without rights to all projects sees in lists
    shown    whether such a caller sees a row that is not its own project's
    mortal   whether deleted rows stay as tombstones
    """

    kind: str
    action: str
    rows: Callable[[Transaction], Rows[R]]
    views: Callable[[Transaction, list[R]], list[V]]
    listed: Listed
    shown: Callable[[Transaction, Call, R], bool]
    mortal: bool = True


def own(_tx: Transaction, call: Call) -> Filters:
    return (eq("project_id", call.project_id),)


def never(_tx: Transaction, _call: Call, _row: Any) -> bool:
    return False


def sees_all(call: Call) -> bool:
    return may(call, "network.all_projects")


def find(house: House, call: Call, noun: Noun[R, V], query: Query) -> list[V]:
    """What the caller sees, filtered, sorted, from the marker on."""
    allow(call, f"{noun.action}.read")
    return house.store.read(lambda tx: noun.views(tx, _listed(tx, call, noun, query)))


def find_here(house: House, call: Call, noun: Noun[R, V], query: Query) -> list[V]:
    """What the caller's project sees, whatever else the caller might: for who works in one project."""
    allow(call, f"{noun.action}.read")
    narrowed = query.where(alive()) if noun.mortal else query
    return house.store.read(lambda tx: noun.views(tx, noun.rows(tx).find(narrowed.where(*noun.listed(tx, call)))))


def count_here(house: House, call: Call, noun: Noun[R, V], query: Query) -> int:
    """How many of them there are."""
    allow(call, f"{noun.action}.read")
    narrowed = query.where(alive()) if noun.mortal else query
    return house.store.read(lambda tx: noun.rows(tx).count(narrowed.where(*noun.listed(tx, call))))


def find_rows(house: House, call: Call, noun: Noun[R, V], query: Query) -> list[R]:
    """The same without what hangs on them."""
    allow(call, f"{noun.action}.read")
    return house.store.read(lambda tx: _listed(tx, call, noun, query))


def _listed(tx: Transaction, call: Call, noun: Noun[R, V], query: Query) -> list[R]:
    narrowed = query.where(alive()) if noun.mortal else query
    if not sees_all(call):
        narrowed = narrowed.where(*noun.listed(tx, call))
    return noun.rows(tx).find(narrowed)


def show(house: House, call: Call, noun: Noun[R, V], row_id: str) -> V:
    """One by id. NotFound for what the caller does not see."""
    allow(call, f"{noun.action}.read")
    return house.store.read(lambda tx: noun.views(tx, [visible(tx, call, noun, row_id)])[0])


def visible(tx: Transaction, call: Call, noun: Noun[R, V], row_id: str) -> R:
    """The living row, if the caller sees it."""
    row = noun.rows(tx).get(row_id)
    if row is None or (noun.mortal and getattr(row, "deleted_at", None) is not None):
        raise NotFound("network", kind=noun.kind, id=row_id)
    if row.project_id != call.actor.project_id and not sees_all(call) and not noun.shown(tx, call, row):
        raise NotFound("network", kind=noun.kind, id=row_id)
    return row


def owned(tx: Transaction, call: Call, noun: Noun[R, V], row_id: str, verb: str) -> R:
    """The row, if the caller may change it: its project's own, or by the right to all projects'."""
    row = visible(tx, call, noun, row_id)
    if row.project_id != call.actor.project_id and not sees_all(call):
        raise Forbidden("network", action=f"{noun.action}.{verb}", needs=["admin"], kind=noun.kind, id=row.id)
    return row


def there(row: T | None, kind: str, row_id: str) -> T:
    """A row that another one points to."""
    if row is None:
        raise NotFound("network", kind=kind, id=row_id)
    return row


def check_generation(noun: Noun[R, V], row: R, wanted: int | None) -> None:
    """A change that names the generation it was made for is refused when another came first."""
    if wanted is not None and wanted != row.generation:
        raise Stale("network", kind=noun.kind, id=row.id, generation=row.generation, wanted=wanted)


def project_for(call: Call, wished: ProjectId | None) -> ProjectId:
    """The project that a new thing belongs to; another than one's own by the right to all projects'."""
    if wished is None or wished == call.actor.project_id:
        return call.project_id
    if not sees_all(call):
        raise Forbidden("network", action="network.all_projects", needs=["admin"])
    return wished


def tags_of(tx: Transaction, kind: str, rows: list[Any]) -> dict[str, tuple[str, ...]]:
    """The tags of each row by its id, sorted."""
    found: dict[str, list[str]] = {}
    for label in tx.labels.of(kind, tuple(r.id for r in rows), TAG):
        found.setdefault(label.resource_id, []).append(label.key)
    return {row_id: tuple(sorted(tags)) for row_id, tags in found.items()}


def shared_to(tx: Transaction, kind: SharedKind, project_id: str | None) -> tuple[str, ...]:
    """The ids of the things of a kind that others let this project use, or lead out by."""
    found = tx.shares.find(Query(filters=(eq("kind", kind), is_in("target", (project_id or "", EVERYONE)))))
    return tuple(dict.fromkeys(share.object_id for share in found))


def is_shared_to(tx: Transaction, kind: SharedKind, row_id: str, project_id: str | None) -> bool:
    """Whether others let this project use the thing, or lead out by it."""
    targets = is_in("target", (project_id or "", EVERYONE))
    return bool(tx.shares.count(Query(filters=(eq("object_id", row_id), eq("kind", kind), targets))))


def is_usable(tx: Transaction, kind: SharedKind, row: Row, project_id: str | None) -> bool:
    """Whether the project may use the thing as its own: it is, or it is shared for that."""
    if row.project_id == project_id:
        return True
    targets = is_in("target", (project_id or "", EVERYONE))
    there = Query(filters=(eq("object_id", row.id), eq("kind", kind), eq("action", "use"), targets))
    return bool(tx.shares.count(there))


def targets_of(tx: Transaction, kind: SharedKind, ids: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Whom each thing is shared with for use, by its id."""
    found: dict[str, tuple[str, ...]] = {}
    for share in tx.shares.find(Query(filters=(is_in("object_id", ids), eq("kind", kind), eq("action", "use")))):
        found[share.object_id] = (*found.get(share.object_id, ()), share.target)
    return found


def own_and_shared(kind: SharedKind) -> Listed:
    """`Noun.listed` of a kind that is shared."""
    return lambda tx, call: (
        any_of(eq("project_id", call.project_id), is_in("id", shared_to(tx, kind, call.project_id))),
    )


def shown_if_shared(kind: SharedKind) -> Callable[[Transaction, Call, Any], bool]:
    """`Noun.shown` of a kind that is shared."""
    return lambda tx, call, row: is_shared_to(tx, kind, row.id, call.actor.project_id)


def seen_networks(tx: Transaction, call: Call) -> tuple[str, ...]:
    """The ids of the caller's own networks and of those that are shared to it."""
    mine = tx.networks.find(Query(filters=(eq("project_id", call.project_id), alive())))
    return tuple(dict.fromkeys((*(n.id for n in mine), *shared_to(tx, "network", call.project_id))))


def among(field: str, ids: tuple[str, ...]) -> Filters:
    return (is_in(field, ids),)
