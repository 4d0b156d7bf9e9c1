"""Deleted nics that hold what a host may still have of a living one."""

from alembic import op
from sqlalchemy import Column

from kumoi.adapters.sql.schema import TEXT

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("nics") as nics:
        nics.add_column(Column("stands_for", TEXT, nullable=True))
        nics.create_index("ix_nics_stands_for", ["stands_for"])
