"""Know since when a mark has waited for the stamper."""

from alembic import op
from sqlalchemy import Column, Double

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("section_marks", table_kwargs={"sqlite_autoincrement": True}) as marks:
        marks.add_column(Column("at", Double, nullable=False, server_default="0"))
