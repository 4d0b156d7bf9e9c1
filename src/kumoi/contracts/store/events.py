"""Events, labels and leases."""

from typing import Protocol

from kumoi.core.events import Event, Label
from kumoi.core.query import Query


class Events(Protocol):
    """The outbox. `seq` is given at insert."""

    def add(self, event: Event) -> None: ...
    def after(self, seq: int, limit: int) -> list[Event]: ...
    def find(self, query: Query) -> list[Event]: ...
    def drop_before(self, at: float) -> int: ...


class Labels(Protocol):
    """Key and value by (kind, resource, namespace, key)."""

    def of(self, kind: str, resource_ids: tuple[str, ...], namespace: str | None = None) -> list[Label]: ...
    def put(self, label: Label) -> None:
        """Insert or replace by (kind, resource_id, namespace, key); the id of an existing one stays."""
        ...

    def drop(self, kind: str, resource_id: str, namespace: str | None = None, key: str | None = None) -> int: ...


class Leases(Protocol):
    """Who does a thing that only one may do. By the database's clock."""

    def take(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew; False while another holds it."""
        ...

    def drop(self, name: str, holder: str) -> None: ...
