"""Add groups of volumes and their snapshots, transfers, and messages."""

from alembic import op
from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, integers, key, nested, switches, texts, times

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "volume_groups",
    then,
    key(),
    *texts("project_id", "user_id", "name", "description", "type_id", "zone", "hold"),
    *texts("source_id", "snapshot_id", null=True),
    *nested("volume_type_ids"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "type_id"),
)

Table(
    "group_snapshots",
    then,
    key(),
    *texts("project_id", "user_id", "name", "description", "group_id", "type_id", "hold"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "group_id"),
)

Table(
    "volume_transfers",
    then,
    key(),
    *texts("volume_id", "project_id", "name", "digest"),
    *switches("with_snapshots"),
    *times("created_at"),
    UniqueConstraint("volume_id"),
    Index(None, "project_id", "created_at", "id"),
)

Table(
    "volume_messages",
    then,
    key(),
    *texts("project_id", "request_id", "kind", "resource_id", "code"),
    *nested("facts"),
    *times("created_at", "expires_at"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "expires_at"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    for column in texts("group_id", null=True):
        op.add_column("volumes", column)
    op.create_index("ix_volumes_group_id", "volumes", ["group_id"])
    op.create_index("ix_volume_snapshots_moment", "volume_snapshots", ["moment"])
