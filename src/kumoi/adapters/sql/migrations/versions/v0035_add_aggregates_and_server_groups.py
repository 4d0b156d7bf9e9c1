"""Add aggregates and server groups; instances remember what they were placed by and made of."""

from alembic import op
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, TEXT, integers, key, nested, texts, times

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "aggregates",
    then,
    key(),
    *integers("number", "generation"),
    *texts("name", "zone"),
    *nested("metadata", "hosts"),
    *times("created_at", "updated_at"),
    UniqueConstraint("number"),
    UniqueConstraint("name"),
)

Table(
    "server_groups",
    then,
    key(),
    *texts("project_id", "user_id", "name", "policy"),
    *integers("most_per_host"),
    *times("created_at"),
    Index(None, "project_id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    with op.batch_alter_table("flavors") as changed:
        for name in ("swap_mib", "ephemeral_gib"):
            changed.add_column(Column(name, BigInteger, nullable=False, server_default="0"))
    with op.batch_alter_table("instances") as changed:
        for name in ("zone_wanted", "server_group_id"):
            changed.add_column(Column(name, TEXT, nullable=False, server_default=""))
        for name in ("hints", "extra_specs", "image_properties"):
            changed.add_column(Column(name, TEXT, nullable=False, server_default="{}"))
        changed.create_index("ix_instances_server_group_id", ["server_group_id"])
