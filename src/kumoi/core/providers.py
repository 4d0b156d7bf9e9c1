"""Resource providers: who offers so much of which resource classes, in trees. Placement's noun, and its arithmetic.

A client's own provider is wholly its row. A host is a provider by itself: its row (under the host's id, made when a
client first writes about it) keeps only what was written, and `of_host` lays that over what the host says it has.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from kumoi.core.hosts import Host, state
from kumoi.core.ids import HostId, ResourceProviderId
from kumoi.core.quotas import host_scope
from kumoi.core.resource_classes import COUNTED, resource_of
from kumoi.core.traits import DISABLED, NODE, in_order

UNIT_MOST: Final = 2**31 - 1
_CAPACITY_MOST: Final = 2**53  # a ratio may be as large as a float; a counter may not
NAME_MOST: Final = 200
PROVIDERS: Final = "provider/"  # how scopes of clients' own begin


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a class, and in which amounts it may be held at a time."""

    total: int
    reserved: int = 0
    min_unit: int = 1
    max_unit: int = UNIT_MOST
    step_size: int = 1
    allocation_ratio: float = 1.0

    @property
    def capacity(self) -> int:
        """How much of it may be held in all."""
        return int(min((self.total - self.reserved) * self.allocation_ratio, _CAPACITY_MOST))

    def takes(self, amount: int) -> bool:
        """Whether so much may be asked for at once."""
        return self.min_unit <= amount <= self.max_unit and amount % self.step_size == 0


class ResourceProvider(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` is Placement's generation: it rises with inventories, traits, aggregates and what clients hold, not
    with a name. `root_id`: the top of its tree, itself where it has no parent."""

    id: ResourceProviderId
    name: str
    root_id: ResourceProviderId
    parent_id: ResourceProviderId | None = None
    revision: int = 0
    is_host: bool = False
    inventories: dict[str, Inventory] = {}
    traits: tuple[str, ...] = ()
    aggregates: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0


class AllocationConsumer(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds what clients allocated. `kind` empty: it was not told. Instances are consumers without such a row."""

    id: str
    project_id: str
    user_id: str
    kind: str = ""
    revision: int = 0
    created_at: float = 0.0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A provider and how much of it is held, by class. `open`: it takes more; a host that is down or disabled does
    not."""

    provider: ResourceProvider
    used: dict[str, int]
    open: bool = True

    @property
    def id(self) -> ResourceProviderId:
        return self.provider.id

    def fits(self, name: str, amount: int) -> bool:
        """Whether so much more of a class may be held now, in one piece."""
        one = self.provider.inventories.get(name)
        held = self.used.get(name, 0)
        return self.open and one is not None and one.takes(amount) and held + amount <= one.capacity


def scope_of(provider: ResourceProvider) -> str:
    """Of its counters: a host's are those that instances are counted by."""
    return host_scope(HostId(provider.id)) if provider.is_host else f"{PROVIDERS}{provider.id}"


def counter_of(provider: ResourceProvider, name: str) -> str:
    return resource_of(name) if provider.is_host else name


def own_inventories(host: Host, ratios: Mapping[str, float]) -> dict[str, Inventory]:
    """What the host has by itself. `ratios`: over-commit, by class."""
    found: dict[str, Inventory] = {}
    for name, resource in COUNTED.items():
        total: int = getattr(host.capacity, resource)
        if total:
            found[name] = Inventory(total=total, max_unit=total, allocation_ratio=ratios.get(name, 1.0))
    return found


def own_traits(host: Host, now: float) -> tuple[str, ...]:
    off = not host.enabled or state(host, now) != "up"
    return (NODE, DISABLED) if off else (NODE,)


def of_host(
    host: Host,
    kept: ResourceProvider | None,
    own: Mapping[str, Inventory],
    traits: Iterable[str],
    groups: Iterable[str],
) -> ResourceProvider:
    """The host as a provider: its own inventories, traits and aggregates, and what was written about it. The total of
    what it has stays its own."""
    row_id = ResourceProviderId(host.id)
    if kept is None:
        kept = ResourceProvider(id=row_id, name=host.name, root_id=row_id, is_host=True, created_at=host.created_at)
    inventories = dict(own)
    for name, written in kept.inventories.items():
        has = own.get(name)
        if has is None and name in COUNTED:
            continue  # it has nothing of it any more
        inventories[name] = written if has is None else replace(written, total=has.total)
    return replace(
        kept,
        name=host.name,
        inventories=inventories,
        traits=in_order({*traits, *kept.traits}),
        aggregates=tuple(dict.fromkeys((*groups, *kept.aggregates))),
    )
