"""Events in an order that a reader can follow, labels, and leases."""

import threading
from collections.abc import Callable

from tests.contract.store.together import together
from tests.contract.store.values import event, label

from kumoi.adapters.sql.store import SqlStore
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.core.events import Event
from kumoi.core.query import Order, Query, eq

# --- events -------------------------------------------------------------------------------------------


def test_events_come_back_numbered_in_the_order_in_which_they_were_added(store: SqlStore) -> None:
    first, second, third = event("a"), event("b"), event("c")
    store.write(lambda tx: (tx.events.add(first), tx.events.add(second)))
    store.write(lambda tx: tx.events.add(third))
    found = store.read(lambda tx: tx.events.after(0, 10))
    assert [e.id for e in found] == [first.id, second.id, third.id]
    assert sorted({e.seq for e in found}) == [e.seq for e in found]
    assert found[0].facts == first.facts
    assert store.read(lambda tx: tx.events.after(found[0].seq, 1)) == [found[1]]
    assert store.read(lambda tx: tx.events.after(found[2].seq, 10)) == []


def test_an_event_added_twice_is_there_once(store: SqlStore) -> None:
    once = event()
    store.write(lambda tx: tx.events.add(once))
    store.write(lambda tx: tx.events.add(once))
    assert len(store.read(lambda tx: tx.events.after(0, 10))) == 1


def test_events_are_found_by_their_thing(store: SqlStore) -> None:
    store.write(lambda tx: [tx.events.add(event(a, resource=r)) for a, r in (("x", "1"), ("y", "2"), ("z", "1"))])
    query = Query(filters=(eq("resource_id", "1"),), order=(Order("seq", descending=True),))
    assert [e.action for e in store.read(lambda tx: tx.events.find(query))] == ["z", "x"]


def test_numbers_are_never_given_again(store: SqlStore) -> None:
    store.write(lambda tx: [tx.events.add(event(at=float(n))) for n in range(5)])
    last = store.read(lambda tx: tx.events.after(0, 10))[-1].seq
    assert store.write(lambda tx: tx.events.drop_before(3.0)) == 3
    assert store.write(lambda tx: tx.events.drop_before(9.0)) == 2
    store.write(lambda tx: tx.events.add(event()))
    assert [e.seq > last for e in store.read(lambda tx: tx.events.after(0, 10))] == [True]


def test_a_watcher_is_woken_after_a_commit_with_events_and_finds_them(store: SqlStore) -> None:
    found: list[int] = []
    store.watch(lambda: found.append(len(store.read(lambda tx: tx.events.after(0, 10)))))
    store.write(lambda tx: tx.labels.put(label("i", "k", "v")))
    assert found == []
    store.write(lambda tx: (tx.events.add(event("a")), tx.events.add(event("b"))))
    store.write(lambda tx: tx.events.add(event("c")))
    assert found == [2, 3]


def test_a_follower_misses_nothing_that_two_processes_add(another: Callable[[], SqlStore]) -> None:
    writers, reader = (another(), another()), another()
    over = threading.Event()

    def add(who: int) -> list[Event]:
        mine = [event(at=float(n)) for n in range(40)]
        for one in mine:
            writers[who % 2].write(lambda tx, one=one: tx.events.add(one))
        return mine

    def everyone() -> list[Event]:
        try:
            return [one for each in together([lambda who=who: add(who) for who in range(6)]) for one in each]
        finally:
            over.set()

    def follow() -> list[Event]:
        seen: list[Event] = []
        while True:
            last_look = over.is_set()
            after = seen[-1].seq if seen else 0
            more = reader.read(lambda tx, after=after: tx.events.after(after, 7))
            if last_look and not more:
                return seen
            seen += more

    added, seen = together([everyone, follow])
    assert len(seen) == len(added)
    assert {e.id for e in seen} == {e.id for e in added}


# --- labels -------------------------------------------------------------------------------------------


def test_a_label_is_replaced_under_its_own_id(store: SqlStore) -> None:
    first, second = label("i", "role", "web"), label("i", "role", "db")
    store.write(lambda tx: (tx.labels.put(first), tx.labels.put(second)))
    (found,) = store.read(lambda tx: tx.labels.of("instance", ("i",)))
    assert (found.id, found.value) == (first.id, "db")


def test_labels_are_told_and_dropped_by_kind_thing_namespace_and_key(store: SqlStore) -> None:
    made = [
        label("i", "a", "1"),
        label("i", "b", "2"),
        label("i", "a", "3", namespace="aws"),
        label("j", "a", "4"),
        label("i", "a", "5", kind="nic"),
    ]
    store.write(lambda tx: [tx.labels.put(one) for one in made])

    def told(kind: str, *things: str, namespace: str | None = None) -> list[str]:
        return sorted(one.value for one in store.read(lambda tx: tx.labels.of(kind, things, namespace)))

    assert told("instance", "i", "j") == ["1", "2", "3", "4"]
    assert told("instance", "i", namespace="metadata") == ["1", "2"]
    assert told("instance") == []
    assert store.write(lambda tx: tx.labels.drop("instance", "i", "metadata", "b")) == 1
    assert store.write(lambda tx: tx.labels.drop("instance", "i", "aws")) == 1
    assert told("instance", "i") == ["1"]
    assert store.write(lambda tx: tx.labels.drop("instance", "i")) == 1
    assert told("nic", "i") == ["5"]


# --- leases -------------------------------------------------------------------------------------------


def test_a_lease_is_held_by_one_and_renewed_by_its_holder(another: Callable[[], SqlStore]) -> None:
    here, there = another(), another()
    assert here.write(lambda tx: tx.leases.take("stamper", "here", 60.0)) is True
    assert there.write(lambda tx: tx.leases.take("stamper", "there", 60.0)) is False
    assert here.write(lambda tx: tx.leases.take("stamper", "here", 60.0)) is True
    assert there.write(lambda tx: tx.leases.take("publisher", "there", 60.0)) is True
    there.write(lambda tx: tx.leases.drop("stamper", "there"))
    assert there.write(lambda tx: tx.leases.take("stamper", "there", 60.0)) is False
    here.write(lambda tx: tx.leases.drop("stamper", "here"))
    assert there.write(lambda tx: tx.leases.take("stamper", "there", 60.0)) is True


def test_a_lease_runs_out_by_the_databases_clock(store: SqlStore) -> None:
    assert store.write(lambda tx: tx.leases.take("stamper", "dead", 0.0)) is True
    assert store.write(lambda tx: tx.leases.take("stamper", "alive", 60.0)) is True
    assert store.write(lambda tx: tx.leases.take("stamper", "dead", 60.0)) is False


def test_only_one_of_many_gets_a_lease(another: Callable[[], SqlStore]) -> None:
    stores = (another(), another())

    def take(who: int) -> bool:
        def fn(tx: SqlTransaction) -> bool:
            return tx.leases.take("stamper", f"holder-{who}", 60.0)

        return stores[who % 2].write(fn)

    assert sorted(together([lambda who=who: take(who) for who in range(8)])) == [False] * 7 + [True]
