"""Labels: keys and values on things."""

from functools import lru_cache

from sqlalchemy import Executable, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from kumoi.adapters.sql.connection import Session
from kumoi.adapters.sql.language import Among
from kumoi.adapters.sql.noun import LABELS
from kumoi.adapters.sql.tables import labels
from kumoi.core.events import Label

_INSERT = insert(labels).values({c.name: bindparam(c.name) for c in LABELS.codec.columns})
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["kind", "resource_id", "namespace", "key"], set_={"value": _INSERT.excluded.value}
)


@lru_cache(maxsize=2)
def _of(*, namespaced: bool) -> Executable:
    statement = select(*LABELS.codec.columns).where(
        labels.c.kind == bindparam("kind"), Among(labels.c.resource_id, bindparam("ids"))
    )
    if namespaced:
        statement = statement.where(labels.c.namespace == bindparam("namespace"))
    return statement.order_by(labels.c.resource_id, labels.c.namespace, labels.c.key)


@lru_cache(maxsize=4)
def _drop(*, namespaced: bool, keyed: bool) -> Executable:
    statement = delete(labels).where(
        labels.c.kind == bindparam("kind"), labels.c.resource_id == bindparam("resource_id")
    )
    if namespaced:
        statement = statement.where(labels.c.namespace == bindparam("namespace"))
    if keyed:
        statement = statement.where(labels.c.key == bindparam("key"))
    return statement.returning(labels.c.id)


class SqlLabels:
    """`contracts.store.events.Labels`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, kind: str, resource_ids: tuple[str, ...], namespace: str | None = None) -> list[Label]:
        if not resource_ids:
            return []
        narrowing = {} if namespace is None else {"namespace": namespace}
        rows = self._session.rows(
            _of(namespaced=bool(narrowing)), kind=kind, ids=self._session.pack(resource_ids), **narrowing
        )
        return LABELS.codec.from_rows(rows)

    def put(self, label: Label) -> None:
        self._session.change(_PUT, **LABELS.codec.to_params(label))

    def drop(self, kind: str, resource_id: str, namespace: str | None = None, key: str | None = None) -> int:
        narrowing = {k: v for k, v in {"namespace": namespace, "key": key}.items() if v is not None}
        statement = _drop(namespaced=namespace is not None, keyed=key is not None)
        return len(self._session.change(statement, kind=kind, resource_id=resource_id, **narrowing))
