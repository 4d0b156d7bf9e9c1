"""Allocation candidates: trees, what is shared, groups held apart and together."""

from collections.abc import Mapping

from kumoi.core.ids import ResourceProviderId
from kumoi.core.providers import Inventory, Offer, ResourceProvider
from kumoi.core.traits import SHARES
from kumoi.planning.candidates import Candidate, Group, Wanted, candidates

A, B = frozenset({"a"}), frozenset({"b"})


def offer(
    name: str,
    has: Mapping[str, int],
    *,
    parent: str | None = None,
    traits: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    used: Mapping[str, int] | None = None,
) -> Offer:
    """`parent`: by its whole way, `node/numa`."""
    provider = ResourceProvider(
        id=ResourceProviderId(name),
        name=name,
        parent_id=ResourceProviderId(parent) if parent else None,
        root_id=ResourceProviderId(name.split("/")[0]),
        inventories={c: Inventory(total=n) for c, n in has.items()},
        traits=traits,
        aggregates=groups,
    )
    return Offer(provider=provider, used=dict(used or {}))


NODE = offer("node", {"DISK": 10}, groups=("a",))
NUMA0 = offer("node/0", {"CPU": 4}, parent="node", traits=("FAST",))
NUMA1 = offer("node/1", {"CPU": 4}, parent="node")
CARD0 = offer("node/0/card", {"VF": 8}, parent="node/0")
CARD1 = offer("node/1/card", {"VF": 8}, parent="node/1")
STORE = offer("store", {"DISK": 100}, traits=(SHARES,), groups=("a",))
TREE = (NODE, NUMA0, NUMA1, CARD0, CARD1)


def held(found: list[Candidate]) -> list[set[str]]:
    """The providers of each candidate."""
    return [set(one.amounts) for one in found]


def ask(*groups: Group, offers: tuple[Offer, ...] = TREE, **more: object) -> list[set[str]]:
    return held(candidates(offers, Wanted(groups=groups, **more)))  # type: ignore[arg-type]


def test_a_group_without_a_name_is_spread_over_the_tree() -> None:
    both = Group(resources={"CPU": 1, "DISK": 1})
    assert ask(both) == [{"node", "node/0"}, {"node", "node/1"}]
    assert ask(both, one_of_a_tree=True) == []
    assert ask(Group(resources={"CPU": 5})) == []
    assert ask(both, limit=1) == [{"node", "node/0"}]


def test_a_named_group_is_of_one_provider() -> None:
    assert ask(Group(suffix="1", resources={"CPU": 1, "DISK": 1})) == []
    two = (Group(suffix="1", resources={"CPU": 2}), Group(suffix="2", resources={"CPU": 3}))
    assert sorted(map(sorted, ask(*two))) == [["node/0", "node/1"], ["node/0", "node/1"]]
    less = (Group(suffix="1", resources={"CPU": 2}), Group(suffix="2", resources={"CPU": 2}))
    assert len(ask(*less)) == 4
    assert len(ask(*less, isolate=True)) == 2


def test_what_is_shared_serves_trees_of_its_aggregate() -> None:
    other = offer("other", {"CPU": 4})
    disk = Group(resources={"CPU": 1, "DISK": 50})
    assert ask(disk, offers=(*TREE, STORE, other)) == [{"store", "node/0"}, {"store", "node/1"}]
    assert ask(Group(resources={"CPU": 1, "DISK": 50}, in_tree="node"), offers=(*TREE, STORE)) == []
    assert ask(Group(resources={"CPU": 1, "DISK": 50}, member_of=(B,)), offers=(*TREE, STORE)) == []
    assert len(ask(Group(resources={"CPU": 1, "DISK": 50}, member_of=(A,)), offers=(*TREE, STORE))) == 2


def test_traits_are_wanted_and_forbidden() -> None:
    assert ask(Group(resources={"CPU": 1}, required=(frozenset({"FAST", "ODD"}),))) == [{"node/0"}]
    assert ask(Group(resources={"CPU": 1}, forbidden=frozenset({"FAST"}))) == [{"node/1"}]
    assert ask(Group(resources={"CPU": 1}), root_required=frozenset({"FAST"})) == []


def test_groups_in_one_subtree() -> None:
    groups = (Group(suffix="_C", resources={"CPU": 1}), Group(suffix="_V", resources={"VF": 1}))
    assert len(ask(*groups)) == 4
    found = ask(*groups, same_subtree=(frozenset({"_C", "_V"}),))
    assert found == [{"node/0", "node/0/card"}, {"node/1", "node/1/card"}]
    bare = (Group(suffix="_N", required=(frozenset({"FAST"}),)), groups[1])
    assert ask(*bare, same_subtree=(frozenset({"_N", "_V"}),)) == [{"node/0/card"}]


def test_what_is_held_counts_over_all_groups_together() -> None:
    full = offer("node", {"CPU": 4}, used={"CPU": 2})
    pair = (Group(suffix="1", resources={"CPU": 1}), Group(suffix="2", resources={"CPU": 1}))
    assert ask(*pair, offers=(full,)) == [{"node"}]
    assert ask(*pair, Group(resources={"CPU": 1}), offers=(full,)) == []


def test_units_bound_what_is_asked_at_once() -> None:
    provider = NODE.provider
    steps = Inventory(total=100, min_unit=10, max_unit=50, step_size=10)
    row = ResourceProvider(id=provider.id, name="n", root_id=provider.id, inventories={"DISK": steps})
    one = Offer(provider=row, used={})
    assert [bool(ask(Group(resources={"DISK": n}), offers=(one,))) for n in (5, 10, 15, 50, 60)] == [
        False, True, False, True, False,
    ]  # fmt: skip
