"""Which providers could hold what is asked for, together: Placement's allocation candidates. Pure.

A request has groups. A named group is held of one provider; the one without a name may be spread over a tree and over
providers that share with it. All groups of a candidate are held below one root, its anchor.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

import msgspec

from kumoi.core.providers import Offer, ResourceProvider
from kumoi.core.traits import SHARES

Piece = tuple[str, str, int]  # of this provider, this class, so much
MOST: Final = 10_000  # combinations that are looked at below one root


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of providers. `required`: of each set one trait; `member_of`: of each set one aggregate.
    `in_tree`: any provider of the tree."""

    suffix: str = ""
    resources: dict[str, int] = {}
    required: tuple[frozenset[str], ...] = ()
    forbidden: frozenset[str] = frozenset()
    member_of: tuple[frozenset[str], ...] = ()
    not_member_of: frozenset[str] = frozenset()
    in_tree: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`isolate`: no two named groups of one provider. `same_subtree`: sets of suffixes whose providers are one of them
    and below it. `one_of_a_tree`: as clients wish that know no trees."""

    groups: tuple[Group, ...]
    isolate: bool = False
    same_subtree: tuple[frozenset[str], ...] = ()
    root_required: frozenset[str] = frozenset()
    root_forbidden: frozenset[str] = frozenset()
    limit: int | None = None
    one_of_a_tree: bool = False


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """`amounts`: by provider and class; `mappings`: the providers of each group."""

    amounts: dict[str, dict[str, int]]
    mappings: dict[str, tuple[str, ...]]


class _Pick(msgspec.Struct, frozen=True):
    """One way to hold a group."""

    suffix: str
    providers: tuple[str, ...]
    pieces: tuple[Piece, ...]


def has_traits(traits: Iterable[str], group: Group) -> bool:
    had = frozenset(traits)
    return not had & group.forbidden and all(had & any_of for any_of in group.required)


def is_member(aggregates: Iterable[str], group: Group) -> bool:
    of = frozenset(aggregates)
    return not of & group.not_member_of and all(of & any_of for any_of in group.member_of)


def matches(one: ResourceProvider, group: Group, roots: dict[str, str]) -> bool:
    """Traits, aggregates and tree of a provider by itself. `roots`: of every provider."""
    if group.in_tree is not None and roots.get(group.in_tree) != one.root_id:
        return False
    return has_traits(one.traits, group) and is_member(one.aggregates, group)


def candidates(offers: Iterable[Offer], wanted: Wanted) -> list[Candidate]:
    """In the order of the offers; the same candidate below two roots is one."""
    search = _Search(offers, wanted)
    found: dict[tuple[object, ...], Candidate] = {}
    for root in search.roots():
        for one in search.below(root):
            key = (
                tuple(sorted((p, *sorted(amounts.items())) for p, amounts in one.amounts.items())),
                tuple(sorted(one.mappings.items())),
            )
            found.setdefault(key, one)
            if wanted.limit is not None and len(found) >= wanted.limit:
                return list(found.values())
    return list(found.values())


class _Search:
    def __init__(self, offers: Iterable[Offer], wanted: Wanted) -> None:
        self._offers: dict[str, Offer] = {offer.id: offer for offer in offers}
        self._wanted = wanted
        self._root_of: dict[str, str] = {o.id: o.provider.root_id for o in self._offers.values()}
        self._trees: dict[str, list[Offer]] = {}
        for offer in self._offers.values():
            self._trees.setdefault(offer.provider.root_id, []).append(offer)
        self._sharing = [o for o in self._offers.values() if SHARES in o.provider.traits]

    def roots(self) -> Iterator[str]:
        must, must_not = self._wanted.root_required, self._wanted.root_forbidden
        for root_id in self._trees:
            traits = frozenset(self._offers[root_id].provider.traits) if root_id in self._offers else frozenset()
            if must <= traits and not must_not & traits:
                yield root_id

    def below(self, root: str) -> Iterator[Candidate]:
        """Candidates whose anchor this is."""
        ways = []
        for group in self._wanted.groups:
            way = list(self._ways(root, group))
            if not way:
                return
            ways.append(way)
        for number, picks in enumerate(product(*ways)):
            if number >= MOST:
                return
            one = self._together(picks)
            if one is not None:
                yield one

    def _ways(self, root: str, group: Group) -> Iterator[_Pick]:
        """How this group may be held below the root."""
        if group.in_tree is not None and group.in_tree not in self._root_of:
            return
        if group.suffix:
            for offer in self._reachable(root, group):
                fits = all(offer.fits(name, amount) for name, amount in group.resources.items())
                if fits and offer.open and self._is_one(offer, group):
                    pieces = tuple((str(offer.id), name, amount) for name, amount in group.resources.items())
                    yield _Pick(group.suffix, (offer.id,), pieces)
            return
        yield from self._spread(root, group)

    def _spread(self, root: str, group: Group) -> Iterator[_Pick]:
        """Each class of any provider; traits are those of all that hold something of it, and no one has a forbidden
        one."""
        allowed = [o for o in self._reachable(root, group) if self._is_near(root, o, group)]
        each = [
            [(str(o.id), name, amount) for o in allowed if o.fits(name, amount)]
            for name, amount in sorted(group.resources.items())
        ]
        for number, pieces in enumerate(product(*each)):
            if number >= MOST:
                return
            ids = tuple(dict.fromkeys(piece[0] for piece in pieces))
            had = [frozenset(self._offers[one].provider.traits) for one in ids]
            if has_traits(frozenset().union(*had), group):
                yield _Pick("", ids, pieces)

    def _reachable(self, root: str, group: Group) -> Iterator[Offer]:
        """Of the tree, and those that share with it: in the tree that is asked for, where one is. What is spread does
        not leave that tree."""
        tree, asked = self._trees[root], None if group.in_tree is None else self._root_of[group.in_tree]
        if asked in {None, root}:
            yield from tree
        if not group.resources or (asked is not None and not group.suffix):
            return
        near = frozenset(a for offer in tree for a in offer.provider.aggregates)
        for offer in self._sharing:
            top = offer.provider.root_id
            if top != root and asked in {None, top} and near & frozenset(offer.provider.aggregates):
                yield offer

    def _is_one(self, offer: Offer, group: Group) -> bool:
        return has_traits(offer.provider.traits, group) and is_member(offer.provider.aggregates, group)

    def _is_near(self, root: str, offer: Offer, group: Group) -> bool:
        """An aggregate of the root is one of its whole tree, not of those that share with it."""
        in_tree = offer.provider.root_id == root and root in self._offers
        top = self._offers[root].provider.aggregates if in_tree else ()
        return is_member((*offer.provider.aggregates, *top), group)

    def _together(self, picks: tuple[_Pick, ...]) -> Candidate | None:
        """All groups at once, or None where the request as a whole forbids it or there is not so much."""
        named = [pick.providers[0] for pick in picks if pick.suffix]
        if self._wanted.isolate and len(set(named)) < len(named):
            return None
        of = {pick.suffix: pick.providers for pick in picks}
        for suffixes in self._wanted.same_subtree:
            if not self._one_subtree({p for suffix in suffixes for p in of.get(suffix, ())}):
                return None
        amounts: dict[str, dict[str, int]] = {}
        for pick in picks:
            for row_id, name, amount in pick.pieces:
                held = amounts.setdefault(row_id, {})
                held[name] = held.get(name, 0) + amount
        if not all(self._has_room(row_id, held) for row_id, held in amounts.items()):
            return None
        trees = {self._root_of[row_id] for row_id in amounts}
        if self._wanted.one_of_a_tree and len(trees) < len(amounts):
            return None
        return Candidate(amounts=amounts, mappings=of)

    def _has_room(self, row_id: str, held: dict[str, int]) -> bool:
        offer = self._offers[row_id]
        for name, amount in held.items():
            has = offer.provider.inventories[name]
            if amount > has.max_unit or offer.used.get(name, 0) + amount > has.capacity:
                return False
        return True

    def _one_subtree(self, ids: set[str]) -> bool:
        """Whether one of them is above all the others."""
        return len(ids) < 2 or any(all(one in self._above(other) for other in ids) for one in ids)

    def _above(self, row_id: str) -> set[str]:
        """Itself too."""
        found: set[str] = set()
        at: str | None = row_id
        while at is not None and at not in found:
            found.add(at)
            offer = self._offers.get(at)
            at = offer.provider.parent_id if offer else None
        return found
