"""The serial of identity: it rises in every transaction that changes who may what, so that what was worked out from
these rows may be remembered, by any number of processes, for as long as it stands."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from kumoi.adapters.sql.connection import Session
from kumoi.adapters.sql.identity_tables import identity_serial

_ID = "identity"
_table = identity_serial.c
_READ = select(_table.serial).where(_table.id == bindparam("id"))
_new = insert(identity_serial).values(id=bindparam("id"), serial=1)
_RAISE = _new.on_conflict_do_update(index_elements=["id"], set_={"serial": identity_serial.c.serial + 1})


def read_serial(session: Session) -> int:
    """0 before the first change."""
    found = session.rows(_READ, id=_ID)
    return int(found[0][0]) if found else 0


def raise_serial(session: Session) -> None:
    session.change(_RAISE, id=_ID)
