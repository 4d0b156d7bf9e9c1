"""What would become of a run, before anybody asks for it: the refusals it would get, and what it would take.

Reads only. It says no more than is true now: the claims are made by the run itself.
"""

from collections.abc import Callable

import msgspec

from kumoi.app.house import House
from kumoi.app.instances.making import check_fits, flavor_of, image_of, key_of, wanted_of
from kumoi.app.instances.nics import only_network
from kumoi.app.instances.volume_images import unfolded
from kumoi.app.instances.wish import RunWish, check
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError, NoCapacity, QuotaExceeded
from kumoi.core.policy import allow, may
from kumoi.core.quotas import UNLIMITED, Counter, Resource, project_scope
from kumoi.planning.scheduling import Wanted, how_many, refusal


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One quota: what is used, the limit (-1: none), and what the run would add."""

    resource: Resource
    used: int
    most: int
    more: int


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`refusals`: what stands in the way, as the run would say it; empty when nothing does."""

    refusals: tuple[KumoiError, ...]
    shares: tuple[Share, ...]


def preview(house: House, call: Call, wish: RunWish) -> Preview:
    """Of all `count_max` instances. Forbidden, and NotFound of a flavor, are raised."""
    allow(call, "instance.create")
    try:
        wish = unfolded(house, call, wish)
    except KumoiError as error:
        return Preview(refusals=(error,), shares=())
    refusals: list[KumoiError] = []

    def read(tx: Transaction) -> tuple[Wanted | None, tuple[Share, ...]]:
        refusals.extend(_complaints(tx, call, wish))
        try:
            wanted = wanted_of(tx, call, wish)
        except KumoiError:
            return None, ()
        return wanted, _shares(tx, call, wanted, wish.count_max)

    wanted, shares = house.store.read(read)
    refusals += [too_much for one in shares if (too_much := _exceeded(one, wish.count_max))]
    if wanted is not None and not refusals:
        rooms = house.rooms.look(call.now)
        if how_many(rooms, wanted, call.now, wish.count_max) < wish.count_max:
            facts = refusal(rooms, wanted, call.now)
            if not may(call, "instance.see_host"):
                facts.pop("nearest", None)
            refusals.append(NoCapacity("compute", **facts))
    return Preview(refusals=tuple(refusals), shares=shares)


def _check_size(tx: Transaction, call: Call, wish: RunWish) -> None:
    flavor = flavor_of(tx, wish, call)
    if wish.image_id is not None:
        check_fits(flavor.memory_mib, flavor.disk_gib, image_of(tx, call, wish.image_id))


def _complaints(tx: Transaction, call: Call, wish: RunWish) -> list[KumoiError]:
    """One for each part of the wish that is wrong by itself."""

    parts: list[Callable[[], object]] = [
        lambda: check(wish),
        lambda: _check_size(tx, call, wish),
        lambda: key_of(tx, call, wish.keypair_name),
        lambda: only_network(tx, call) if wish.nics is None else None,
    ]
    found: list[KumoiError] = []
    for part in parts:
        try:
            part()
        except KumoiError as e:
            found.append(e)
    return found


def _shares(tx: Transaction, call: Call, wanted: Wanted, count: int) -> tuple[Share, ...]:
    scope = project_scope(call.project_id)
    amounts: dict[Resource, int] = {"instances": 1, "vcpus": wanted.vcpus, "memory_mib": wanted.memory_mib}
    found = {r: tx.counters.get(scope, r) or Counter(scope=scope, resource=r, used=0, most=UNLIMITED) for r in amounts}
    return tuple(
        Share(resource=r, used=found[r].used, most=found[r].most, more=amount * count) for r, amount in amounts.items()
    )


def _exceeded(share: Share, count: int) -> QuotaExceeded | None:
    """As `writing.charge` would say of the first instance that does not fit."""
    if share.most == UNLIMITED or share.used + share.more <= share.most:
        return None
    each = share.more // count
    fit = max(0, (share.most - share.used) // each) if each else 0
    return QuotaExceeded("quota", resource=share.resource, wanted=each, used=share.used + fit * each, limit=share.most)
