"""Rows of every noun: what goes in comes out, saved by compare-and-swap, found by field, label, order and page."""

import random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.contract.store.values import CHANCE, any_of, instance, label, nic

from kumoi.adapters.sql.noun import EVENTS, LABELS, NOUNS, Noun
from kumoi.adapters.sql.rows import SqlRows
from kumoi.adapters.sql.store import SqlStore
from kumoi.core.errors import Invalid, NotFound, Stale, Taken
from kumoi.core.flavors import DEFAULT_FLAVORS
from kumoi.core.nics import FixedIp
from kumoi.core.query import Filter, LabelFilter, Order, Query, alive, eq, is_in

KEPT = [noun for noun in NOUNS if noun not in {EVENTS, LABELS}]


def rows(tx: Any, noun: Noun[Any]) -> SqlRows[Any]:
    return SqlRows(tx.session, noun)


# --- what goes in comes out ---------------------------------------------------------------------------


def test_every_noun_comes_back_as_it_went_in(store: SqlStore) -> None:
    dice = random.Random(1)
    for noun in KEPT:
        values = [any_of(noun.struct, dice) for _ in range(20)]
        for value in values:
            store.write(lambda tx, noun=noun, value=value: rows(tx, noun).insert(value))
        for value in values:
            assert store.read(lambda tx, noun=noun, value=value: rows(tx, noun).get(value.id)) == value
        ids = tuple(value.id for value in values)
        many = store.read(lambda tx, noun=noun, ids=ids: rows(tx, noun).many((*ids, "nobody")))
        assert {value.id: value for value in many} == {value.id: value for value in values}


def test_every_noun_is_saved_whole(store: SqlStore) -> None:
    dice = random.Random(2)
    for noun in KEPT:
        before = any_of(noun.struct, dice)
        after = replace(any_of(noun.struct, dice), id=before.id)
        store.write(lambda tx, noun=noun, before=before: rows(tx, noun).insert(before))
        saved = store.write(lambda tx, noun=noun, after=after: rows(tx, noun).save(after))
        assert saved == (replace(after, generation=2) if noun.has_generation else after)
        assert store.read(lambda tx, noun=noun, before=before: rows(tx, noun).get(before.id)) == saved


def test_every_noun_is_removed_once(store: SqlStore) -> None:
    dice = random.Random(3)
    for noun in KEPT:
        value = any_of(noun.struct, dice)
        store.write(lambda tx, noun=noun, value=value: rows(tx, noun).insert(value))
        assert store.write(lambda tx, noun=noun, value=value: rows(tx, noun).remove(value.id)) is True
        assert store.write(lambda tx, noun=noun, value=value: rows(tx, noun).remove(value.id)) is False
        assert store.read(lambda tx, noun=noun, value=value: rows(tx, noun).get(value.id)) is None


def test_many_takes_any_number_of_ids(store: SqlStore) -> None:
    ids = tuple(CHANCE.uuid() for _ in range(70_000))
    store.write(lambda tx: tx.instances.insert(instance(id=ids[-1])))
    assert [one.id for one in store.read(lambda tx: tx.instances.many(ids))] == [ids[-1]]
    assert store.read(lambda tx: tx.instances.many(())) == []


# --- compare-and-swap ---------------------------------------------------------------------------------


def test_a_save_on_an_older_generation_is_stale(store: SqlStore) -> None:
    first = instance()
    store.write(lambda tx: tx.instances.insert(first))
    second = store.write(lambda tx: tx.instances.save(replace(first, name="second")))
    assert second.generation == 2
    with pytest.raises(Stale) as raised:
        store.write(lambda tx: tx.instances.save(replace(first, name="third")))
    assert raised.value.facts == {"kind": "instance", "id": first.id}
    assert store.read(lambda tx: tx.instances.get(first.id)) == second


def test_a_save_of_nothing_is_not_found(store: SqlStore) -> None:
    for noun in KEPT:
        value = any_of(noun.struct, random.Random(4))
        with pytest.raises(NotFound):
            store.write(lambda tx, noun=noun, value=value: rows(tx, noun).save(value))


# --- unique things ------------------------------------------------------------------------------------


def test_a_taken_id_or_name_says_which(store: SqlStore) -> None:
    nano, micro = DEFAULT_FLAVORS[:2]
    store.write(lambda tx: (tx.flavors.insert(nano), tx.flavors.insert(micro)))
    with pytest.raises(Taken) as by_id:
        store.write(lambda tx: tx.flavors.insert(replace(nano, name="other")))
    assert by_id.value.facts == {"kind": "flavor", "name": nano.id, "field": "id"}
    with pytest.raises(Taken) as by_name:
        store.write(lambda tx: tx.flavors.insert(replace(nano, id="other")))
    assert by_name.value.facts == {"kind": "flavor", "name": "m1.nano", "field": "name"}
    with pytest.raises(Taken) as by_save:
        store.write(lambda tx: tx.flavors.save(replace(nano, name="m1.micro")))
    assert by_save.value.facts == {"kind": "flavor", "name": "m1.micro", "field": "name"}


def test_who_meets_a_taken_name_may_go_on(store: SqlStore) -> None:
    nano, micro = DEFAULT_FLAVORS[:2]
    store.write(lambda tx: (tx.flavors.insert(nano), tx.flavors.insert(micro)))

    def go_on(tx: Any) -> None:
        with pytest.raises(Taken):
            tx.flavors.insert(nano)
        with pytest.raises(Taken):
            tx.flavors.save(replace(nano, name="m1.micro"))
        tx.flavors.save(replace(nano, name="free"))

    store.write(go_on)
    assert {f.name for f in store.read(lambda tx: tx.flavors.find(Query()))} == {"free", "m1.micro"}


# --- finding ------------------------------------------------------------------------------------------


def test_filters_on_plain_fields(store: SqlStore) -> None:
    one = instance("aB_c", vcpus=1, created_at=1.5, deleted_at=None)
    two = instance("ab%c", vcpus=2, created_at=2.5, deleted_at=9.0, locked=True)
    six = instance("雲", project_id="q", vcpus=6, created_at=6.5)
    store.write(lambda tx: [tx.instances.insert(i) for i in (one, two, six)])

    def found(*filters: Filter) -> set[str]:
        query = Query(filters=filters)
        listed = store.read(lambda tx: tx.instances.find(query))
        assert store.read(lambda tx: tx.instances.count(query)) == len(listed)
        return {i.name for i in listed}

    assert found(eq("name", "aB_c")) == {"aB_c"}
    assert found(eq("locked", True)) == {"ab%c"}
    assert found(alive()) == {"aB_c", "雲"}
    assert found(Filter("deleted_at", "null", False)) == {"ab%c"}
    assert found(eq("deleted_at", None), eq("project_id", "q")) == {"雲"}
    assert found(Filter("deleted_at", "ne", 9.0)) == {"aB_c", "雲"}
    assert found(Filter("deleted_at", "ne", None)) == {"ab%c"}
    assert found(Filter("vcpus", "gt", 1)) == {"ab%c", "雲"}
    assert found(Filter("vcpus", "ge", 2), Filter("vcpus", "lt", 6)) == {"ab%c"}
    assert found(Filter("created_at", "le", 1.5)) == {"aB_c"}
    assert found(Filter("name", "like", "ab%")) == {"ab%c"}
    assert found(Filter("name", "like", "%b\\%c")) == {"ab%c"}
    assert found(Filter("name", "ilike", "AB%")) == {"aB_c", "ab%c"}
    assert found(Filter("name", "ilike", "%B\\_C")) == {"aB_c"}
    assert found(Filter("name", "prefix", "a")) == {"aB_c", "ab%c"}
    assert found(Filter("name", "prefix", "aB")) == {"aB_c"}
    assert found(Filter("name", "prefix", "")) == {"aB_c", "ab%c", "雲"}
    assert found(is_in("vcpus", (1, 6, 7))) == {"aB_c", "雲"}
    assert found(is_in("name", ("雲",))) == {"雲"}
    assert found(is_in("locked", (True,))) == {"ab%c"}
    assert found(is_in("name", ())) == set()
    assert found(is_in("id", (*(CHANCE.uuid() for _ in range(70_000)), one.id))) == {"aB_c"}


def test_rows_are_tallied_by_a_field(store: SqlStore) -> None:
    found = [instance(name, status=status) for name, status in (("a", "active"), ("b", "active"), ("c", "error"))]
    gone = instance("d", status="active", deleted_at=1.0)
    for one in (*found, gone):
        store.write(lambda tx, one=one: tx.instances.insert(one))
    assert store.read(lambda tx: tx.instances.tally("status", Query(filters=(alive(),)))) == {"active": 2, "error": 1}
    assert store.read(lambda tx: tx.instances.tally("name", Query(filters=(eq("name", "d"),)))) == {"d": 1}
    with pytest.raises(Invalid):
        store.read(lambda tx: tx.instances.tally("colour", Query()))


def test_nested_fields_can_be_asked_what_they_hold(store: SqlStore) -> None:
    a = nic(group_ids=("g1", "g2"), fixed_ips=(FixedIp("s1", "10.0.0.1"),))
    b = nic(group_ids=("g2",), fixed_ips=(FixedIp("s1", "10.0.0.11"),))
    store.write(lambda tx: [tx.nics.insert(n) for n in (a, b)])

    def found(field: str, value: str) -> set[str]:
        return {n.id for n in store.read(lambda tx: tx.nics.find(Query(filters=(eq(field, value),))))}

    assert found("group_ids", "g2") == {a.id, b.id}
    assert found("group_ids", "g1") == {a.id}
    assert found("group_ids", "g") == set()
    assert found("fixed_ips", "10.0.0.1") == {a.id}
    assert found("fixed_ips", "s1") == {a.id, b.id}
    assert found("fixed_ips", 'x" or "y') == set()
    bare = nic(group_ids=(), fixed_ips=())
    store.write(lambda tx: tx.nics.insert(bare))
    none = Query(filters=(Filter("group_ids", "null", value=True),))
    some = Query(filters=(Filter("group_ids", "null", value=False),))
    assert [n.id for n in store.read(lambda tx: tx.nics.find(none))] == [bare.id]
    assert {n.id for n in store.read(lambda tx: tx.nics.find(some))} == {a.id, b.id}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (Query(filters=(eq("nonsense", 1),)), "unknown_field"),
        (Query(order=(Order("nonsense"),)), "unknown_field"),
        (Query(order=(Order("refusal"),)), "unknown_field"),
        (Query(filters=(Filter("refusal", "like", "%"),)), "unknown_field"),
        (Query(filters=(eq("vcpus", "many"),)), "wrong_type"),
        (Query(filters=(eq("vcpus", 2**70),)), "wrong_type"),
        (Query(filters=(eq("name", 7),)), "wrong_type"),
        (Query(filters=(eq("locked", "yes"),)), "wrong_type"),
        (Query(filters=(Filter("name", "in", "abc"),)), "wrong_type"),
    ],
)
def test_what_cannot_be_asked_is_invalid(store: SqlStore, query: Query, reason: str) -> None:
    with pytest.raises(Invalid) as raised:
        store.read(lambda tx: tx.instances.find(query))
    assert raised.value.facts["reason"] == reason


def test_label_filters(store: SqlStore) -> None:
    a, b, c = (instance(name) for name in "abc")

    def fill(tx: Any) -> None:
        for one in (a, b, c):
            tx.instances.insert(one)
        tx.labels.put(label(a.id, "role", "web"))
        tx.labels.put(label(b.id, "role", "db"))
        tx.labels.put(label(c.id, "role", "web", namespace="aws"))
        tx.labels.put(label(c.id, "role", "web", kind="nic"))

    store.write(fill)

    def found(*labels: LabelFilter) -> set[str]:
        return {i.name for i in store.read(lambda tx: tx.instances.find(Query(labels=labels)))}

    assert found(LabelFilter("metadata", "role", "web")) == {"a"}
    assert found(LabelFilter("metadata", "role")) == {"a", "b"}
    assert found(LabelFilter("metadata", "role", absent=True)) == {"c"}
    assert found(LabelFilter("metadata", "role", "web", absent=True)) == {"b", "c"}
    assert found(LabelFilter("aws", "role", "web"), LabelFilter("metadata", "role", absent=True)) == {"c"}


# --- order and pages ----------------------------------------------------------------------------------

ORDERS = [
    (),
    (Order("name"),),
    (Order("name", descending=True),),
    (Order("deleted_at"), Order("name", descending=True)),
    (Order("deleted_at", descending=True), Order("vcpus")),
    (Order("created_at"), Order("id", descending=True)),
    (Order("id", descending=True), Order("name")),
]


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_pages_follow_the_order_and_miss_nothing(store: SqlStore, order: tuple[Order, ...]) -> None:
    dice = random.Random(6)
    everyone = [
        instance(
            dice.choice(["a", "B", "b", "é", "雲", "z z"]),
            vcpus=dice.randrange(3),
            created_at=dice.randrange(3) + 0.25,
            deleted_at=dice.choice([None, 1.0, 2.0]),
        )
        for _ in range(60)
    ]
    store.write(lambda tx: [tx.instances.insert(one) for one in everyone])
    expected = in_order(everyone, order)
    whole = store.read(lambda tx: tx.instances.find(Query(order=order)))
    assert [one.id for one in whole] == expected
    for size in (1, 7, 60):
        assert pages(store, order, size) == expected


def pages(store: SqlStore, order: tuple[Order, ...], size: int) -> list[str]:
    found: list[str] = []
    while True:
        query = Query(order=order, limit=size, marker=found[-1] if found else None)
        page = store.read(lambda tx, query=query: tx.instances.find(query))
        assert len(page) <= size
        if not page:
            return found
        found += [one.id for one in page]


def in_order(values: list[Any], order: tuple[Order, ...]) -> list[str]:
    """By Python: None first, texts by code point, ties by id in the last field's direction."""
    ordered = sorted(values, key=lambda v: v.id, reverse=bool(order) and order[-1].descending)
    for one in reversed(order):
        ordered.sort(key=lambda v, f=one.field: _none_first(getattr(v, f)), reverse=one.descending)
    return [value.id for value in ordered]


def _none_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, "" if value is None else value)


def test_an_unknown_marker_is_not_found(store: SqlStore) -> None:
    with pytest.raises(NotFound) as raised:
        store.read(lambda tx: tx.instances.find(Query(marker="nobody")))
    assert raised.value.facts == {"kind": "instance", "id": "nobody"}


def test_a_page_goes_on_after_a_row_that_was_changed_meanwhile(store: SqlStore) -> None:
    a, b, c = (instance(name, created_at=float(n)) for n, name in enumerate("abc"))
    store.write(lambda tx: [tx.instances.insert(one) for one in (a, b, c)])
    store.write(lambda tx: tx.instances.save(replace(b, deleted_at=5.0)))
    query = Query(filters=(alive(),), order=(Order("created_at"),), marker=b.id)
    assert [one.name for one in store.read(lambda tx: tx.instances.find(query))] == ["c"]


def test_every_noun_has_a_column_for_each_field_and_no_other() -> None:
    for noun in NOUNS:
        assert {f.name for f in msgspec.structs.fields(noun.struct)} == set(noun.table.c.keys())
