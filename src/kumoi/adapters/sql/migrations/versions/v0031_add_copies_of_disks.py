"""Add images that are copies of instances' disks."""

from alembic import op
from sqlalchemy import Column

from kumoi.adapters.sql.schema import TEXT, integers

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("images") as images:
        images.add_column(Column("copy_of", TEXT))
        for column in integers("rotation", null=True):
            images.add_column(column)
    op.create_index("ix_images_copy_of", "images", ["copy_of"])
