"""Add imports of images, staged bytes and locations."""

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, TEXT, integers, key, nested, texts, times

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "image_tasks",
    then,
    key(),
    *texts("project_id", "user_id", "request_id", "image_id", "type", "method", "url", "source_id", "sha512"),
    *texts("region", "request", "status", "code"),
    *nested("facts"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "image_id"),
    Index(None, "status"),
    Index(None, "updated_at"),
)


def upgrade() -> None:
    with op.batch_alter_table("images") as images:
        images.add_column(Column("staged_sha256", TEXT))
        images.add_column(Column("last_import", TEXT, nullable=False, server_default=""))
        images.add_column(Column("locations", TEXT, nullable=False, server_default="[]"))
    op.create_index("ix_images_staged_sha256", "images", ["staged_sha256"])
    then.create_all(op.get_bind())
