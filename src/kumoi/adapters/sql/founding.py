"""A database made from nothing: today's tables at once, without the steps by which older ones came to them, and the
rows that every cloud begins with.
"""

import time
import uuid

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert

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
    for tables in (cloud.metadata, _revision.metadata):
        tables.create_all(connection)
    now = time.time()
    connection.execute(insert(_revision).values(version_num=revision))
    connection.execute(insert(cloud).values(id=str(uuid.uuid4()), epoch=int(now), made_at=now))
    rules = [_usual(way, kind, now) for way in ("egress", "ingress") for kind in ("IPv4", "IPv6")]
    connection.execute(insert(cloud.metadata.tables["default_rules"]), rules)


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
