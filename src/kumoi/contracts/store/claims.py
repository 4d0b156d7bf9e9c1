"""Claims, counters and allocations: what is unique and what is bounded."""

from typing import Protocol

from kumoi.core.quotas import Allocation, Claim, ClaimKind, Counter


class Claims(Protocol):
    """`take`: whether the claim is ours now (insert with ON CONFLICT DO NOTHING RETURNING)."""

    def take(self, claim: Claim) -> bool: ...
    def drop(self, kind: ClaimKind, key: str) -> None: ...
    def drop_owner(self, owner: str) -> None: ...
    def get(self, kind: ClaimKind, key: str) -> Claim | None: ...
    def of(self, owner: str) -> list[Claim]:
        """All claims of an owner, by kind and key."""
        ...

    def with_prefix(self, kind: ClaimKind, prefix: str) -> list[Claim]:
        """All claims of a kind whose key starts so, by key."""
        ...

    def latest(self, kind: ClaimKind, prefix: str) -> Claim | None:
        """The one of these that was claimed last."""
        ...


class Counters(Protocol):
    """`take`: UPDATE … WHERE used + n <= most, and the allocation row that says for whom; False when it does not fit.

    The unit goes back by `give_back(consumer)`: every allocation of the consumer is deleted and its counters lowered.
    """

    def set_most(self, scope: str, resource: str, most: int) -> None:
        """Make the counter if absent; `most` -1: no limit. `used` stays."""
        ...

    def drop(self, scope: str, resource: str) -> None:
        """There is no such counter any more. What was held of it has been given back before."""
        ...

    def take(self, allocation: Allocation) -> bool: ...
    def lower(self, allocation: Allocation) -> None:
        """The consumer holds so much less of it from now on, whatever the limit has become meanwhile."""
        ...

    def give_back(self, consumer: str, provider_prefix: str = "") -> None:
        """Only allocations whose provider starts with the prefix (`host/`, `project/`)."""
        ...

    def get(self, scope: str, resource: str) -> Counter | None: ...
    def under(self, scope_prefix: str) -> list[Counter]: ...
    def totals(self, scope_prefix: str) -> dict[str, Counter]:
        """The sums of these by resource; `scope` is the prefix. What has no limit counts only as used."""
        ...

    def allocations(self, consumer: str) -> list[Allocation]: ...
    def held(self, provider_prefix: str) -> list[Allocation]:
        """What every consumer holds of these providers, summed; by provider, consumer and resource."""
        ...
