"""The door of allocation candidates: which providers could hold so much more now."""

import msgspec

from kumoi.app.house import House
from kumoi.app.providers import sight
from kumoi.app.providers.words import check_classes, check_traits
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.policy import allow
from kumoi.core.providers import Offer, ResourceProvider
from kumoi.planning.candidates import Candidate, Group, Wanted, candidates, matches


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`offers`: every provider of the trees that are in a candidate."""

    candidates: list[Candidate]
    offers: list[Offer]


def find(house: House, call: Call, wanted: Wanted) -> Found:
    """Invalid for classes and traits that are none."""
    allow(call, "provider.read")

    def read(tx: Transaction) -> list[Offer]:
        for group in wanted.groups:
            _check(tx, group)
        check_traits(tx, wanted.root_required | wanted.root_forbidden)
        return sight.offers(tx, house, call.now)

    offers = house.store.read(read)
    found = candidates(offers, wanted)
    ids = {row_id for one in found for row_id in one.amounts}
    roots = {offer.provider.root_id for offer in offers if offer.id in ids}
    shown = [o for o in offers if (o.id in ids if wanted.one_of_a_tree else o.provider.root_id in roots)]
    return Found(candidates=found, offers=shown)


def matching(house: House, call: Call, group: Group) -> list[ResourceProvider]:
    """Providers that could hold all of it alone, by name."""
    allow(call, "provider.read")

    def read(tx: Transaction) -> list[Offer]:
        _check(tx, group)
        return sight.offers(tx, house, call.now)

    offers = house.store.read(read)
    roots: dict[str, str] = {offer.id: offer.provider.root_id for offer in offers}
    return [
        offer.provider
        for offer in offers
        if matches(offer.provider, group, roots)
        and all(offer.fits(name, amount) for name, amount in group.resources.items())
    ]


def _check(tx: Transaction, group: Group) -> None:
    check_classes(tx, group.resources, reason="no_class_to_ask")
    check_traits(tx, frozenset().union(*group.required) | group.forbidden)
