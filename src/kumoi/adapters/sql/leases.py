"""Leases by the database's clock, the only one that all processes share."""

from sqlalchemy import bindparam, delete, or_
from sqlalchemy.dialects.postgresql import insert

from kumoi.adapters.sql.connection import Session
from kumoi.adapters.sql.language import DatabaseNow
from kumoi.adapters.sql.tables import leases

_OFFER = insert(leases).values(
    name=bindparam("name"), holder=bindparam("holder"), until=DatabaseNow() + bindparam("seconds")
)
_TAKE = _OFFER.on_conflict_do_update(
    index_elements=["name"],
    set_={"holder": _OFFER.excluded.holder, "until": _OFFER.excluded.until},
    where=or_(leases.c.holder == _OFFER.excluded.holder, leases.c.until <= DatabaseNow()),
).returning(leases.c.name)
_DROP = delete(leases).where(leases.c.name == bindparam("name"), leases.c.holder == bindparam("holder"))


class SqlLeases:
    """`contracts.store.events.Leases`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, holder: str, seconds: float) -> bool:
        return bool(self._session.change(_TAKE, name=name, holder=holder, seconds=seconds))

    def drop(self, name: str, holder: str) -> None:
        self._session.change(_DROP, name=name, holder=holder)
