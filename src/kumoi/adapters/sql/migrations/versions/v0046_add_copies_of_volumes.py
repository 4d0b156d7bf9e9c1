"""Add images that are copies of volumes."""

from alembic import op
from sqlalchemy import Column

from kumoi.adapters.sql.schema import TEXT

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("images") as images:
        images.add_column(Column("copy_of_volume", TEXT, nullable=True))
    op.create_index("ix_images_copy_of_volume", "images", ["copy_of_volume"])
