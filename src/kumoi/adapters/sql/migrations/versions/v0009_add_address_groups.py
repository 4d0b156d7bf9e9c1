"""Add address groups, and the templates of what new security groups allow."""

import time
from uuid import uuid4

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, TEXT, integers, key, nested, switches, texts, times

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

default_rules = Table(
    "default_rules",
    then,
    key(),
    *texts("direction", "ether_type", "description"),
    *texts("protocol", "remote_cidr", "remote_group_id", "remote_address_group_id", null=True),
    *integers("port_min", "port_max", null=True),
    *switches("in_default", "in_others"),
    *integers("generation"),
    *times("created_at", "updated_at"),
)

address_groups = Table(
    "address_groups",
    then,
    key(),
    *texts("project_id", "name", "description"),
    *nested("addresses"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    with op.batch_alter_table("security_rules") as rules:
        rules.add_column(Column("remote_text", TEXT, nullable=True))
        rules.add_column(Column("remote_address_group_id", TEXT, nullable=True))
        rules.create_index("ix_security_rules_remote_address_group_id", ["remote_address_group_id"])
    op.execute("UPDATE security_rules SET remote_text = remote_cidr")
    op.get_bind().execute(default_rules.insert(), [_usual(way, kind) for way in _WAYS for kind in ("IPv4", "IPv6")])


_WAYS = ("egress", "ingress")


def _usual(direction: str, ether_type: str) -> dict[str, object]:
    """Everything outward; the members of a project's default group among themselves."""
    outward, now = direction == "egress", time.time()
    return {
        "id": str(uuid4()),
        "direction": direction,
        "ether_type": ether_type,
        "description": f"Legacy default SG rule for {direction} traffic",
        "remote_group_id": None if outward else "PARENT",
        "in_default": True,
        "in_others": outward,
        "generation": 1,
        "created_at": now,
        "updated_at": now,
    }
