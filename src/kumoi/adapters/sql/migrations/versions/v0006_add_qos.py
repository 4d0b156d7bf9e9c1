"""Add QoS policies and their rules."""

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, TEXT, integers, key, switches, texts, times

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

qos_policies = Table(
    "qos_policies",
    then,
    key(),
    *texts("project_id", "name", "description"),
    *switches("is_default"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)

qos_rules = Table(
    "qos_rules",
    then,
    key(),
    *texts("policy_id", "kind", "direction"),
    *integers("amount", "burst"),
    *times("created_at"),
    UniqueConstraint("policy_id", "kind", "direction"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    for table in ("networks", "nics", "public_addresses"):
        with op.batch_alter_table(table) as altered:
            altered.add_column(Column("qos_policy_id", TEXT, nullable=True))
            altered.create_index(f"ix_{table}_qos_policy_id", ["qos_policy_id"])
