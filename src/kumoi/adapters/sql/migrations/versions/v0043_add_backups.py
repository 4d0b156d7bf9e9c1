"""Add backups, and volumes whose content is replaced."""

from alembic import op
from sqlalchemy import BigInteger, Column, Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, TEXT, integers, kept, key, nested, switches, texts, times

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "backups",
    then,
    key(),
    *texts("volume_id", "project_id", "user_id", "name", "description", "container", "zone", "place", "hold", "status"),
    *texts("snapshot_id", "parent_id", "layer_id", null=True),
    *integers("size_gib"),
    *nested("image_words", "words"),
    *nested("kept", "refusal", null=True),
    *switches("bootable"),
    *times("data_at", "status_changed_at"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "volume_id"),
    Index(None, "parent_id"),
    Index(None, "layer_id"),
    Index(None, "place"),
    Index(None, "status"),
    Index(None, "deleted_at", "created_at", "id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    with op.batch_alter_table("volumes") as table:
        table.add_column(Column("backup_id", TEXT, nullable=True))
        table.add_column(Column("reverted_to", TEXT, nullable=True))
        table.add_column(Column("content", BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_volumes_backup_id", "volumes", ["backup_id"])
    with op.batch_alter_table("volume_observations") as table:
        table.add_column(Column("content", BigInteger, nullable=False, server_default="0"))
