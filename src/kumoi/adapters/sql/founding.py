"""A database made from nothing: today's tables at once, without the steps by which older ones came to them, and the
rows that every cloud begins with.
"""

import time
import uuid
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, create_mock_engine, insert

from kumoi.adapters.sql.tables import cloud
from kumoi.core.default_rules import ITSELF

# Alembic's own, as it makes it: it is loaded only where there is something to migrate.
_revision = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def found(connection: Connection, revision: str) -> None:
    for statement in _tables(connection.dialect.name):
        connection.exec_driver_sql(statement)
    now = time.time()
    connection.execute(insert(_revision).values(version_num=revision))
    connection.execute(insert(cloud).values(id=str(uuid.uuid4()), epoch=int(now), made_at=now))
    rules = [_usual(way, kind, now) for way in ("egress", "ingress") for kind in ("IPv4", "IPv6")]
    connection.execute(insert(cloud.metadata.tables["default_rules"]), rules)


@cache
def _tables(dialect: str) -> tuple[str, ...]:
    """Every table and index, as text: to write it takes longer than to run it, and trials found many databases."""
    found: list[str] = []

    def keep(statement: Any, *_: Any) -> None:
        found.append(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine(f"{dialect}://", keep)
    for tables in (cloud.metadata, _revision.metadata):
        tables.create_all(engine, checkfirst=False)
    return tuple(found)


def _usual(direction: str, ether_type: str, now: float) -> dict[str, object]:
    """Everything outward; the members of a project's default group among themselves. Neutron's words for it."""
    outward = direction == "egress"
    return {
        "id": str(uuid.uuid4()),
        "direction": direction,
        "ether_type": ether_type,
        "description": f"Legacy default SG rule for {direction} traffic",
        "remote_group_id": None if outward else ITSELF,
        "in_default": True,
        "in_others": outward,
        "generation": 1,
        "created_at": now,
        "updated_at": now,
    }
