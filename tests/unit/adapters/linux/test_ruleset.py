"""Rulesets as values: what changes, and in which order."""

from kumoi.adapters.linux.ruleset import Chain, Table, change, loses, swap, weight

HOOK = "type filter hook forward priority filter; policy accept;"


def table(
    elements: dict[str, str] | None = None, rules: tuple[str, ...] = (), extra: dict[str, Chain] | None = None
) -> Table:
    return Table(
        family="inet",
        name="t",
        sets={"who": "set type ipv4_addr;"},
        elements={"who": elements or {}},
        chains={"base": Chain(hook=HOOK, rules=("jump g-1",)), "g-1": Chain(rules=rules), **(extra or {})},
    )


def test_nothing_changes_where_nothing_differs() -> None:
    assert change(table({"10.0.0.1": ""}, ("accept",)), table({"10.0.0.1": ""}, ("accept",))) == []


def test_only_the_element_that_differs_is_touched() -> None:
    old, new = table({"10.0.0.1": "", "10.0.0.2": " : 1"}), table({"10.0.0.2": " : 2", "10.0.0.3": ""})
    assert change(old, new) == [
        "delete element inet t who { 10.0.0.1, 10.0.0.2 : 1 }",
        "add element inet t who { 10.0.0.2 : 2, 10.0.0.3 }",
    ]


def test_a_chain_is_flushed_and_filled() -> None:
    assert change(table(rules=("accept",)), table(rules=("drop", "accept"))) == [
        "flush chain inet t g-1",
        "add rule inet t g-1 drop",
        "add rule inet t g-1 accept",
    ]


def test_a_chain_comes_before_who_jumps_to_it_and_goes_after() -> None:
    more = table(rules=("jump g-2",), extra={"g-2": Chain(rules=("accept",))})
    come = change(table(), more)
    assert come is not None
    assert come.index("add chain inet t g-2") < come.index("add rule inet t g-1 jump g-2")
    go = change(more, table())
    assert go is not None
    assert go.index("flush chain inet t g-1") < go.index("delete chain inet t g-2")


def test_only_what_takes_away_is_a_loss() -> None:
    one = table({"10.0.0.1": ""}, ("accept",))
    assert not loses(one, table({"10.0.0.1": "", "10.0.0.2": ""}, ("drop", "accept"), {"g-2": Chain(rules=())}))
    assert loses(one, table({"10.0.0.2": ""}, ("accept",)))
    assert loses(one, table({"10.0.0.1": " : 1"}, ("accept",)))
    assert loses(one, table({"10.0.0.1": ""}, ("drop",)))


def test_what_cannot_change_in_place_is_said() -> None:
    other = Table(family="inet", name="t", sets={"who": "set type mark;"}, elements={}, chains=table().chains)
    assert change(table(), other) is None
    rehooked = Table(family="inet", name="t", sets=table().sets, elements={}, chains={"base": Chain(rules=())})
    assert change(table(), rehooked) is None


def test_too_many_elements_for_one_transaction_are_swapped_in() -> None:
    crowd = {f"10.0.{n >> 8}.{n & 255}": "" for n in range(5000)}
    assert change(table(), table(crowd)) is None
    transactions = swap((table(crowd),), {"inet old": ["base"]})
    assert 1 < sum(any("10.0." in command for command in t) for t in transactions) < 5
    assert max(sum(map(weight, t)) for t in transactions) <= 200_000
    assert sum(command.count("10.0.") for t in transactions for command in t) == 5000


def test_too_many_rules_for_one_transaction_are_swapped_in() -> None:
    crowd = table(rules=tuple(f"tcp dport {port} accept" for port in range(1000)))
    assert change(table(), crowd) is None
    transactions = swap((crowd,), {})
    assert max(sum(map(weight, t)) for t in transactions) <= 200_000
    assert sum("dport" in command for t in transactions for command in t) == 1000


def test_a_swap_hooks_in_then_unhooks_then_takes_away() -> None:
    """Each a transaction: a packet in the old chains still finds their elements."""
    *before, hooked, unhooked, gone = swap((table(rules=("accept",)),), {"inet old": ["base"]})
    assert not any("hook" in command for t in before for command in t)
    assert hooked == [f"add chain inet t base {{ {HOOK} }}", "add rule inet t base jump g-1"]
    assert unhooked == ["flush chain inet old base", "delete chain inet old base"]
    assert gone == ["delete table inet old"]


def test_where_nothing_was_a_swap_ends_with_the_hooks() -> None:
    *_, last = swap((table(),), {})
    assert last[0] == f"add chain inet t base {{ {HOOK} }}"
