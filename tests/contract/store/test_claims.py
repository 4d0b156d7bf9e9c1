"""Claims and counters at the limit, by many at once."""

from collections.abc import Callable

from tests.contract.store.together import together

from kumoi.adapters.sql.store import SqlStore
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.core.errors import NoAddress, QuotaExceeded
from kumoi.core.quotas import Allocation, Claim, Counter


def address(number: int, owner: str) -> Claim:
    return Claim(kind="address", key=f"subnet/10.0.0.{number}", owner=owner, at=1.0)


def units(consumer: str, amount: int, *, provider: str = "project/p", resource: str = "vcpus") -> Allocation:
    return Allocation(consumer=consumer, provider=provider, resource=resource, amount=amount)


# --- claims -------------------------------------------------------------------------------------------


def test_a_claim_is_won_once(store: SqlStore) -> None:
    first, second = address(1, "a"), address(1, "b")
    assert store.write(lambda tx: tx.claims.take(first)) is True
    assert store.write(lambda tx: tx.claims.take(second)) is False
    assert store.write(lambda tx: tx.claims.take(first)) is False
    assert store.read(lambda tx: tx.claims.get("address", first.key)) == first
    other_kind = Claim(kind="name", key=first.key, owner="b", at=2.0)
    assert store.write(lambda tx: tx.claims.take(other_kind)) is True


def test_claims_are_listed_by_prefix_in_order_of_their_keys(store: SqlStore) -> None:
    keys = ("s/2", "s/10", "S/1", "s%/1", "t/1", "s/雲")
    for key in keys:
        store.write(lambda tx, key=key: tx.claims.take(Claim(kind="mac", key=key, owner="o", at=1.0)))
    assert [c.key for c in store.read(lambda tx: tx.claims.with_prefix("mac", "s/"))] == ["s/10", "s/2", "s/雲"]
    assert [c.key for c in store.read(lambda tx: tx.claims.with_prefix("mac", ""))] == sorted(keys)


def test_claims_go_one_by_one_or_with_their_owner(store: SqlStore) -> None:
    for n, owner in ((1, "a"), (2, "a"), (3, "a"), (4, "b")):
        store.write(lambda tx, n=n, owner=owner: tx.claims.take(address(n, owner)))
    store.write(lambda tx: tx.claims.drop("address", address(1, "a").key))
    store.write(lambda tx: tx.claims.drop_owner("a"))
    assert [c.owner for c in store.read(lambda tx: tx.claims.with_prefix("address", ""))] == ["b"]


def test_the_last_address_is_given_once(another: Callable[[], SqlStore]) -> None:
    """Eight threads, two processes' worth of stores, ten addresses: each is given, none twice."""
    stores = (another(), another())

    def take(tx: SqlTransaction, owner: str) -> str:
        for n in range(10):
            if tx.claims.take(address(n, owner)):
                return str(n)
        raise NoAddress("network", kind="address", pool="subnet", size=10)

    def try_to(who: int) -> list[str]:
        won = []
        for turn in range(4):
            try:
                won.append(stores[who % 2].write(lambda tx, turn=turn: take(tx, f"{who}/{turn}")))
            except NoAddress:
                won.append("")
        return won

    won = [one for each in together([lambda who=who: try_to(who) for who in range(8)]) for one in each]
    assert sorted(one for one in won if one) == [str(n) for n in range(10)]
    assert len(stores[0].read(lambda tx: tx.claims.with_prefix("address", ""))) == 10


# --- counters -----------------------------------------------------------------------------------------


def test_a_counter_goes_up_to_its_limit(store: SqlStore) -> None:
    store.write(lambda tx: tx.counters.set_most("project/p", "vcpus", 5))
    assert store.write(lambda tx: tx.counters.take(units("a", 3))) is True
    assert store.write(lambda tx: tx.counters.take(units("b", 3))) is False
    assert store.write(lambda tx: tx.counters.take(units("b", 2))) is True
    assert counter(store) == Counter(scope="project/p", resource="vcpus", used=5, most=5)
    assert store.read(lambda tx: tx.counters.allocations("b")) == [units("b", 2)]


def test_a_counter_that_nobody_made_has_nothing_to_give(store: SqlStore) -> None:
    assert store.write(lambda tx: tx.counters.take(units("a", 1))) is False
    assert store.read(lambda tx: tx.counters.get("project/p", "vcpus")) is None
    assert store.read(lambda tx: tx.counters.allocations("a")) == []


def test_a_limit_may_be_lifted_and_lowered_below_what_is_used(store: SqlStore) -> None:
    store.write(lambda tx: tx.counters.set_most("project/p", "vcpus", -1))
    assert store.write(lambda tx: tx.counters.take(units("a", 10**12))) is True
    store.write(lambda tx: tx.counters.set_most("project/p", "vcpus", 5))
    assert counter(store).used == 10**12
    assert store.write(lambda tx: tx.counters.take(units("b", 1))) is False


def test_what_was_taken_is_given_back_exactly_once(store: SqlStore) -> None:
    for scope, resource in (("project/p", "vcpus"), ("project/p", "instances"), ("host/h", "vcpus")):
        store.write(lambda tx, scope=scope, resource=resource: tx.counters.set_most(scope, resource, 9))
    for one in (
        units("a", 2),
        units("a", 3),
        units("a", 1, resource="instances"),
        units("a", 4, provider="host/h"),
        units("b", 1),
    ):
        assert store.write(lambda tx, one=one: tx.counters.take(one))
    store.write(lambda tx: tx.counters.give_back("a", "project/"))
    store.write(lambda tx: tx.counters.give_back("a", "project/"))
    assert used(store) == {("host/h", "vcpus"): 4, ("project/p", "instances"): 0, ("project/p", "vcpus"): 1}
    store.write(lambda tx: tx.counters.give_back("a"))
    store.write(lambda tx: tx.counters.give_back("a"))
    assert used(store) == {("host/h", "vcpus"): 0, ("project/p", "instances"): 0, ("project/p", "vcpus"): 1}


def test_nobody_gets_more_than_the_limit(another: Callable[[], SqlStore]) -> None:
    """Eight threads through two stores, 160 attempts at 50 units; a quarter is given back in between."""
    stores = (another(), another())
    stores[0].write(lambda tx: tx.counters.set_most("project/p", "vcpus", 50))

    def take(tx: SqlTransaction, consumer: str) -> None:
        if not tx.counters.take(units(consumer, 1)):
            raise QuotaExceeded("quota", resource="vcpus", wanted=1, used=50, limit=50)

    def try_to(who: int) -> int:
        kept = 0
        for turn in range(20):
            consumer = f"{who}/{turn}"
            try:
                stores[who % 2].write(lambda tx, consumer=consumer: take(tx, consumer))
            except QuotaExceeded:
                continue
            kept += 1
            if turn % 4 == 0:
                stores[who % 2].write(lambda tx, consumer=consumer: tx.counters.give_back(consumer))
                kept -= 1
        return kept

    kept = sum(together([lambda who=who: try_to(who) for who in range(8)]))
    assert counter(stores[0]).used == kept == 50


def test_counters_are_listed_by_scope(store: SqlStore) -> None:
    for scope in ("project/a", "project/b", "host/a"):
        store.write(lambda tx, scope=scope: tx.counters.set_most(scope, "vcpus", 1))
    assert [c.scope for c in store.read(lambda tx: tx.counters.under("project/"))] == ["project/a", "project/b"]


def test_counters_are_summed_by_resource(store: SqlStore) -> None:
    for scope, resource, most in (
        ("host/a", "vcpus", 8), ("host/b", "vcpus", 4), ("host/b", "disk_gib", -1), ("project/a", "vcpus", 99)
    ):  # fmt: skip
        store.write(lambda tx, args=(scope, resource, most): tx.counters.set_most(*args))
    for provider, resource in (("host/a", "vcpus"), ("host/b", "vcpus"), ("host/b", "disk_gib")):
        taken = units("c", 3, provider=provider, resource=resource)
        store.write(lambda tx, taken=taken: tx.counters.take(taken))
    totals = store.read(lambda tx: tx.counters.totals("host/"))
    assert {name: (one.used, one.most) for name, one in totals.items()} == {"vcpus": (6, 12), "disk_gib": (3, 0)}


def test_what_is_held_of_a_provider_is_summed_by_consumer(store: SqlStore) -> None:
    def write(tx: SqlTransaction) -> None:
        for scope in ("host/1", "host/10", "project/p"):
            tx.counters.set_most(scope, "vcpus", 9)
        for consumer, amount, provider in (("b", 2, "host/1"), ("a", 3, "host/1"), ("b", 4, "host/1"),
                                           ("a", 1, "host/10"), ("a", 1, "project/p")):  # fmt: skip
            assert tx.counters.take(units(consumer, amount, provider=provider))
        tx.counters.lower(units("b", 1, provider="host/1"))
        tx.counters.lower(units("a", 1, provider="host/10"))

    store.write(write)
    held = store.read(lambda tx: tx.counters.held("host/"))
    assert [(one.provider, one.consumer, one.amount) for one in held] == [("host/1", "a", 3), ("host/1", "b", 5)]


def counter(store: SqlStore) -> Counter:
    found = store.read(lambda tx: tx.counters.get("project/p", "vcpus"))
    assert found is not None
    return found


def used(store: SqlStore) -> dict[tuple[str, str], int]:
    return {(c.scope, c.resource): c.used for c in store.read(lambda tx: tx.counters.under(""))}


def test_the_latest_claim_is_found_under_its_prefix(store: SqlStore) -> None:
    for key, at in (("s/1", 2.0), ("s/2", 3.0), ("s/3", 1.0), ("t/1", 9.0)):
        claim = Claim(kind="address", key=key, owner="a", at=at)
        store.write(lambda tx, claim=claim: tx.claims.take(claim))  # type: ignore[misc]
    latest = store.read(lambda tx: tx.claims.latest("address", "s/"))
    assert latest is not None
    assert latest.key == "s/2"
    assert store.read(lambda tx: tx.claims.latest("address", "u/")) is None
