"""Metadata definitions: namespaces and what is in them. Everybody reads the public ones; administrators write."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound, Taken
from kumoi.core.ids import MetadefEntryId, MetadefNamespaceId
from kumoi.core.metadefs import EntryKind, MetadefEntry, MetadefNamespace
from kumoi.core.policy import allow, may
from kumoi.core.query import Order, Query, any_of, eq

NAME_MOST = 80
ENTRY_NAME_MOST = 80


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A definition as a caller gives it. `body`: a JSON object's text."""

    kind: EntryKind
    name: str
    body: str = "{}"


def find(house: House, call: Call, query: Query) -> list[MetadefNamespace]:
    """The public ones and one's own, by name; all for administrators."""
    allow(call, "metadef.read")
    if not may(call, "metadef.write"):
        query = query.where(any_of(eq("visibility", "public"), eq("project_id", call.project_id)))
    if not query.order:
        query = replace(query, order=(Order("name"),))
    return house.store.read(lambda tx: tx.metadef_namespaces.find(query))


def get(house: House, call: Call, name: str) -> tuple[MetadefNamespace, list[MetadefEntry]]:
    """A namespace with all that is in it, by name."""
    allow(call, "metadef.read")

    def read(tx: Transaction) -> tuple[MetadefNamespace, list[MetadefEntry]]:
        space = _seen(tx, call, name)
        return space, _within(tx, space)

    return house.store.read(read)


def create(house: House, call: Call, wish: MetadefNamespace, drafts: Iterable[Draft] = ()) -> MetadefNamespace:
    """`wish.id` is chosen here. Taken (metadef_namespace) when the name is."""
    allow(call, "metadef.write")
    _check("namespace", wish.name, NAME_MOST)
    made = replace(
        wish,
        id=MetadefNamespaceId(house.chance.uuid()),
        project_id=wish.project_id or call.project_id,
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> MetadefNamespace:
        tx.metadef_namespaces.insert(made)
        for draft in drafts:
            _add(tx, house, call, made, draft)
        record(tx, house, call, "metadef.create", _thing(made), {"name": made.name})
        return made

    return house.store.write(write)


def update(house: House, call: Call, name: str, changes: dict[str, str | bool]) -> MetadefNamespace:
    """`changes`: any of name, display_name, description, visibility, protected."""
    allow(call, "metadef.write")

    def write(tx: Transaction) -> MetadefNamespace:
        wished: MetadefNamespace = replace(_seen(tx, call, name), **changes, updated_at=call.now)
        _check("namespace", wished.name, NAME_MOST)
        record(tx, house, call, "metadef.update", _thing(wished))
        return tx.metadef_namespaces.save(wished)

    return house.store.write(write)


def delete(house: House, call: Call, name: str) -> None:
    """With all that is in it. Forbidden while it is protected."""
    allow(call, "metadef.write")

    def write(tx: Transaction) -> None:
        space = _changeable(tx, call, name)
        for entry in _within(tx, space):
            tx.metadef_entries.remove(entry.id)
        tx.metadef_namespaces.remove(space.id)
        record(tx, house, call, "metadef.delete", _thing(space))

    house.store.write(write)


def entries(house: House, call: Call, name: str, kind: EntryKind) -> list[MetadefEntry]:
    allow(call, "metadef.read")
    return house.store.read(lambda tx: _within(tx, _seen(tx, call, name), kind))


def resource_types(house: House, call: Call) -> set[str]:
    """Those that any namespace was made for."""
    allow(call, "metadef.read")
    used = Query(filters=(eq("kind", "resource_type"),))
    return {entry.name for entry in house.store.read(lambda tx: tx.metadef_entries.find(used))}


def entry(house: House, call: Call, name: str, kind: EntryKind, entry_name: str) -> MetadefEntry:
    allow(call, "metadef.read")
    return house.store.read(lambda tx: _entry(tx, _seen(tx, call, name), kind, entry_name))


def add(house: House, call: Call, name: str, drafts: Iterable[Draft], *, afresh: bool = False) -> list[MetadefEntry]:
    """All of them or none; `afresh`: in place of those of their kind that are there. Taken (metadef_entry)."""
    allow(call, "metadef.write")
    wanted = tuple(drafts)

    def write(tx: Transaction) -> list[MetadefEntry]:
        space = _seen(tx, call, name)
        for old in [e for kind in {d.kind for d in wanted} for e in _within(tx, space, kind)] if afresh else ():
            tx.metadef_entries.remove(old.id)
        record(tx, house, call, "metadef.update", _thing(space))
        return [_add(tx, house, call, space, draft) for draft in wanted]

    return house.store.write(write)


def change(house: House, call: Call, name: str, old_name: str, draft: Draft) -> MetadefEntry:
    """Put `draft` in the place of the definition of its kind that is called `old_name`."""
    allow(call, "metadef.write")
    _check("name", draft.name, ENTRY_NAME_MOST)

    def write(tx: Transaction) -> MetadefEntry:
        space = _seen(tx, call, name)
        old = _entry(tx, space, draft.kind, old_name)
        record(tx, house, call, "metadef.update", _thing(space))
        return tx.metadef_entries.save(replace(old, name=draft.name, body=draft.body, updated_at=call.now))

    return house.store.write(write)


def drop(house: House, call: Call, name: str, kind: EntryKind, entry_name: str | None = None) -> None:
    """One definition, or (None) all of the kind. Forbidden while the namespace is protected."""
    allow(call, "metadef.write")

    def write(tx: Transaction) -> None:
        space = _changeable(tx, call, name)
        gone = _within(tx, space, kind) if entry_name is None else [_entry(tx, space, kind, entry_name)]
        for one in gone:
            tx.metadef_entries.remove(one.id)
        record(tx, house, call, "metadef.update", _thing(space))

    house.store.write(write)


def _thing(space: MetadefNamespace) -> Thing:
    return Thing("metadef_namespace", space.id, space.project_id)


def _seen(tx: Transaction, call: Call, name: str) -> MetadefNamespace:
    found = tx.metadef_namespaces.find(Query(filters=(eq("name", name),)))
    own = bool(found) and found[0].project_id == call.actor.project_id
    if not found or not (own or found[0].visibility == "public" or may(call, "metadef.write")):
        raise NotFound("image", kind="metadef_namespace", id=name)
    return found[0]


def _changeable(tx: Transaction, call: Call, name: str) -> MetadefNamespace:
    space = _seen(tx, call, name)
    if space.protected:
        raise Forbidden("image", action="metadef.delete", reason="protected", needs=["unprotected"])
    return space


def _within(tx: Transaction, space: MetadefNamespace, kind: EntryKind | None = None) -> list[MetadefEntry]:
    query = Query(filters=(eq("namespace_id", space.id),), order=(Order("created_at"), Order("name")))
    return tx.metadef_entries.find(query if kind is None else query.where(eq("kind", kind)))


def _entry(tx: Transaction, space: MetadefNamespace, kind: EntryKind, name: str) -> MetadefEntry:
    for one in _within(tx, space, kind):
        if one.name == name:
            return one
    raise NotFound("image", kind=f"metadef_{kind}", id=name)


def _add(tx: Transaction, house: House, call: Call, space: MetadefNamespace, draft: Draft) -> MetadefEntry:
    _check("name", draft.name, ENTRY_NAME_MOST)
    if any(one.name == draft.name for one in _within(tx, space, draft.kind)):
        raise Taken("image", kind=f"metadef_{draft.kind}", name=draft.name)
    made = MetadefEntry(
        id=MetadefEntryId(house.chance.uuid()),
        namespace_id=space.id,
        kind=draft.kind,
        name=draft.name,
        body=draft.body,
        created_at=call.now,
        updated_at=call.now,
    )
    tx.metadef_entries.insert(made)
    return made


def _check(field: str, text: str, most: int) -> None:
    if not 0 < len(text) <= most:
        raise Invalid("image", field=field, reason="length", bound=f"from {1} to {most}")
