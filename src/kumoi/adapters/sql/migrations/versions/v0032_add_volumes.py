"""Add volumes, their snapshots and attachments, and the pools that keep them."""

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, TEXT, integers, kept, key, nested, switches, texts, times

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "storage_pools",
    then,
    key(),
    *texts("host_id", "name", "driver"),
    *integers("total_gib"),
    *nested("capabilities"),
    *switches("offered"),
    *times("created_at"),
    Index(None, "host_id"),
)

Table(
    "volumes",
    then,
    key(),
    *texts("project_id", "user_id", "name", "description", "ec2_key", "zone", "hold", "status"),
    *texts("pool_id", "type_id", "image_id", "layer_id", "snapshot_id", "source_id", null=True),
    *integers("size_gib"),
    *nested("image_words"),
    *nested("refusal", null=True),
    *switches("bootable", "read_only", "multiattach"),
    *times("status_changed_at"),
    *kept(),
    UniqueConstraint("ec2_key"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "status"),
    Index(None, "pool_id"),
    Index(None, "type_id"),
    Index(None, "layer_id"),
    Index(None, "snapshot_id"),
    Index(None, "source_id"),
    Index(None, "deleted_at", "created_at", "id"),
)

Table(
    "volume_snapshots",
    then,
    key(),
    *texts("volume_id", "project_id", "user_id", "name", "description", "ec2_key", "moment", "hold", "progress"),
    *texts("status"),
    *texts("pool_id", null=True),
    *integers("size_gib"),
    *times("status_changed_at"),
    *kept(),
    UniqueConstraint("ec2_key"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "volume_id"),
    Index(None, "pool_id"),
    Index(None, "deleted_at", "created_at", "id"),
)

Table(
    "attachments",
    then,
    key(),
    *texts("volume_id", "project_id", "host_name", "said", "device", "tag", "status"),
    *texts("instance_id", null=True),
    *integers("slot", "generation"),
    *nested("connector"),
    *switches("read_only", "boot", "delete_on_termination", "leaving"),
    *times("attached_at", "created_at", "updated_at"),
    Index(None, "volume_id"),
    Index(None, "instance_id"),
    Index(None, "leaving"),
    Index(None, "project_id", "created_at", "id"),
)

Table(
    "volume_observations",
    then,
    key(),
    *texts("host_id"),
    *switches("there"),
    *integers("size_gib", "used_bytes"),
    *nested("condition", null=True),
    *times("first_seen_at", "reported_at"),
    Index(None, "host_id"),
)

Table(
    "snapshot_observations",
    then,
    key(),
    *texts("host_id"),
    *switches("there"),
    *nested("condition", null=True),
    *times("reported_at"),
    Index(None, "host_id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    with op.batch_alter_table("observations") as changed:
        changed.add_column(Column("volumes", TEXT, nullable=False, server_default="[]"))
