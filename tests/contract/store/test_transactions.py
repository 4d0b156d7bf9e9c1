"""Transactions: all or nothing for each job, one snapshot for each reader, and what is refused."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.store.together import together, wait_for
from tests.contract.store.values import event, instance, label, nic

from kumoi.adapters.sql.store import SqlStore
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.core.errors import InUse, Invalid, NotFound, Stale
from kumoi.core.instances import Instance
from kumoi.core.query import Query, eq
from kumoi.core.quotas import Allocation, Claim


def names(store: SqlStore) -> set[str]:
    return {one.name for one in store.read(lambda tx: tx.instances.find(Query()))}


# --- all or nothing -----------------------------------------------------------------------------------


def everything(tx: SqlTransaction) -> None:
    """A write of every sort, and then a refusal."""
    tx.instances.insert(instance("ghost"))
    tx.claims.take(Claim(kind="name", key="ghost", owner="o", at=1.0))
    tx.counters.set_most("project/p", "vcpus", 5)
    tx.counters.take(Allocation(consumer="c", provider="project/p", resource="vcpus", amount=1))
    tx.labels.put(label("i", "k", "v"))
    tx.events.add(event())
    tx.sections.mark("host/h", "instance/i")  # type: ignore[arg-type]
    tx.leases.take("stamper", "me", 60.0)
    raise Invalid(field="name", reason="too_long")


def everything_there(tx: SqlTransaction) -> list[Any]:
    return [
        tx.instances.find(Query()),
        tx.claims.with_prefix("name", ""),
        tx.counters.under(""),
        tx.counters.allocations("c"),
        tx.labels.of("instance", ("i",)),
        tx.events.after(0, 10),
        tx.sections.marks(10),
    ]


def test_a_refusal_leaves_nothing(store: SqlStore) -> None:
    with pytest.raises(Invalid):
        store.write(everything)
    assert not any(store.read(everything_there))
    assert store.write(lambda tx: tx.leases.take("stamper", "you", 60.0))


def test_a_bug_leaves_nothing_and_is_told_as_it_is(store: SqlStore) -> None:
    def bug(tx: SqlTransaction) -> None:
        tx.instances.insert(instance("ghost"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(bug)
    assert names(store) == set()


def test_neighbours_of_a_refused_job_are_not_touched(store: SqlStore) -> None:
    """While one thread is in its transaction the others queue, so that they are done in one batch."""

    def job(n: int) -> str:
        def fn(tx: SqlTransaction) -> str:
            tx.instances.insert(instance(f"n{n}"))
            tx.events.add(event(resource=f"n{n}"))
            if n % 3 == 0:
                raise NotFound("compute", kind="image", id=str(n))
            return f"n{n}"

        try:
            return store.write(fn)
        except NotFound as refusal:
            return f"refused {refusal.facts['id']}"

    answers = queued(store, [lambda n=n: job(n) for n in range(30)])
    made = {f"n{n}" for n in range(30) if n % 3}
    assert set(answers) == made | {f"refused {n}" for n in range(0, 30, 3)}
    assert names(store) == made
    assert {e.resource_id for e in store.read(lambda tx: tx.events.after(0, 100))} == made


def test_one_job_that_the_database_cannot_take_harms_no_other(store: SqlStore) -> None:
    """An event without a time is refused by the database itself, after all jobs of the batch have run."""

    def job(n: int) -> bool:
        def fn(tx: SqlTransaction) -> None:
            tx.instances.insert(instance(f"n{n}"))
            tx.events.add(replace(event(), at=None) if n == 5 else event())

        try:
            store.write(fn)
        except Exception:  # noqa: BLE001  whatever the driver calls it
            return False
        return True

    answers = queued(store, [lambda n=n: job(n) for n in range(10)])
    assert answers == [n != 5 for n in range(10)]
    assert names(store) == {f"n{n}" for n in range(10) if n != 5}


def test_what_a_repeated_job_did_the_first_time_is_forgotten(store: SqlStore) -> None:
    """One job breaks the batch at its end, so that all are run again; another changes its mind in its second run."""
    runs: list[int] = []

    def fickle(tx: SqlTransaction) -> None:
        tx.events.add(event("fickle"))
        runs.append(1)
        if len(runs) > 1:
            raise Invalid(field="name", reason="changed_my_mind")

    def breaking(tx: SqlTransaction) -> None:
        tx.events.add(replace(event(), at=None))

    def refused(fn: Callable[[SqlTransaction], None]) -> bool:
        try:
            store.write(fn)
        except Exception:  # noqa: BLE001  whatever the driver calls it
            return True
        return False

    assert queued(store, [lambda: refused(fickle), lambda: refused(breaking)]) == [True, True]
    assert store.read(lambda tx: tx.events.after(0, 10)) == []


def queued(store: SqlStore, jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run the jobs in threads while another thread holds the writer until all of them wait: they are one batch."""
    inside = threading.Event()

    def hold(_tx: SqlTransaction) -> None:
        inside.set()
        wait_for(lambda: store.waiting() == len(jobs))

    holder = threading.Thread(target=store.write, args=(hold,))
    holder.start()
    assert inside.wait(30)
    try:
        return together(jobs)
    finally:
        holder.join()


# --- readers ------------------------------------------------------------------------------------------


def test_a_reader_sees_one_moment(store: SqlStore) -> None:
    store.write(lambda tx: tx.instances.insert(instance("early")))

    def look(tx: SqlTransaction) -> tuple[int, int]:
        before = tx.instances.count(Query())
        writer = threading.Thread(
            target=store.write, args=(lambda tx: tx.instances.insert(instance("late")),), daemon=True
        )
        writer.start()
        writer.join(30)
        assert not writer.is_alive()  # readers keep nobody waiting
        return before, tx.instances.count(Query())

    assert store.read(look) == (1, 1)
    assert names(store) == {"early", "late"}


def test_a_write_is_seen_by_the_next_reader_of_any_process(another: Callable[[], SqlStore]) -> None:
    here, there = another(), another()
    for n in range(20):
        here.write(lambda tx, n=n: tx.instances.insert(instance(f"n{n}")))
        assert there.read(lambda tx: tx.instances.count(Query())) == n + 1


def test_more_readers_than_connections_take_turns(store: SqlStore) -> None:
    store.write(lambda tx: tx.instances.insert(instance("one")))
    assert together([lambda: names(store) for _ in range(16)]) == [{"one"}] * 16


# --- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: tx.instances.insert(instance()),
        lambda tx: tx.instances.save(instance()),
        lambda tx: tx.instances.remove("x"),
        lambda tx: tx.claims.take(Claim(kind="name", key="k", owner="o", at=1.0)),
        lambda tx: tx.claims.drop_owner("o"),
        lambda tx: tx.counters.set_most("project/p", "vcpus", 1),
        lambda tx: tx.counters.give_back("c"),
        lambda tx: tx.sections.mark("host/h", "instance/i"),
        lambda tx: tx.events.add(event()),
        lambda tx: tx.events.drop_before(9.0),
        lambda tx: tx.labels.put(label("i", "k", "v")),
        lambda tx: tx.leases.take("stamper", "me", 1.0),
    ],
)
def test_a_reader_may_not_write(store: SqlStore, change: Callable[[SqlTransaction], object]) -> None:
    with pytest.raises(RuntimeError, match=r"a write inside store\.read"):
        store.read(change)


def test_a_transaction_inside_a_transaction_is_refused_at_once(store: SqlStore) -> None:
    for outer in (store.write, store.read):
        for inner in (store.write, store.read):
            with pytest.raises(RuntimeError, match="inside a transaction"):
                outer(lambda _tx, inner=inner: inner(lambda _tx: None))
    assert store.write(lambda _tx: "well") == store.read(lambda _tx: "well") == "well"


def test_a_transaction_that_was_kept_is_of_no_use(store: SqlStore) -> None:
    kept = [store.write(lambda tx: tx), store.read(lambda tx: tx)]
    for tx in kept:
        with pytest.raises(RuntimeError, match="is over"):
            tx.instances.get("x")


def test_a_closed_store_is_of_no_use(store: SqlStore) -> None:
    store.close()
    store.close()
    for use in (store.read, store.write):
        with pytest.raises(RuntimeError, match="is closed"):
            use(lambda _tx: None)


# --- two processes ------------------------------------------------------------------------------------


def test_no_update_is_lost_between_two_processes(another: Callable[[], SqlStore]) -> None:
    stores = (another(), another())
    one = instance(vcpus=0)
    stores[0].write(lambda tx: tx.instances.insert(one))

    def add(tx: SqlTransaction) -> None:
        now = tx.instances.get(one.id)
        assert now is not None
        tx.instances.save(replace(now, vcpus=now.vcpus + 1))

    def run(who: int) -> None:
        for _ in range(25):
            stores[who % 2].write(add)

    together([lambda who=who: run(who) for who in range(8)])
    final: Instance | None = stores[0].read(lambda tx: tx.instances.get(one.id))
    assert final is not None
    assert (final.vcpus, final.generation) == (200, 201)


def test_a_network_is_not_deleted_while_a_nic_is_made_on_it(another: Callable[[], SqlStore]) -> None:
    """Write skew: each transaction reads what the other writes; one of them must see the other."""
    stores = (another(), another())

    def make(tx: SqlTransaction, network: str) -> bool:
        found = tx.claims.get("vni", network)
        if found is None:
            return False
        tx.nics.insert(nic(network))
        return True

    def delete(tx: SqlTransaction, network: str) -> bool:
        if tx.nics.count(Query(filters=(eq("network_id", network),))):
            raise InUse("network", kind="network", id=network, by_kind="nic", by_id="")
        tx.claims.drop("vni", network)
        return True

    def refused(store: SqlStore, network: str) -> bool:
        try:
            return not store.write(lambda tx: delete(tx, network))
        except InUse:
            return True

    for n in range(25):
        network = f"n{n}"
        stores[0].write(lambda tx, network=network: tx.claims.take(Claim(kind="vni", key=network, owner="o", at=1.0)))
        made, kept = together(
            [
                lambda network=network: stores[0].write(lambda tx: make(tx, network)),
                lambda network=network: refused(stores[1], network),
            ]
        )
        assert made == kept


def test_a_stale_writer_in_another_process_is_told(another: Callable[[], SqlStore]) -> None:
    here, there = another(), another()
    one = instance()
    here.write(lambda tx: tx.instances.insert(one))
    there.write(lambda tx: tx.instances.save(replace(one, name="theirs")))
    with pytest.raises(Stale):
        here.write(lambda tx: tx.instances.save(replace(one, name="ours")))
    assert names(here) == {"theirs"}
