"""Instances that an operator marked as being in error; since when a host is up."""

from alembic import op
from sqlalchemy import Boolean, Column, Double, false

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("instances") as instances:
        instances.add_column(Column("marked_error", Boolean, nullable=False, server_default=false()))
    with op.batch_alter_table("hosts") as hosts:
        hosts.add_column(Column("booted_at", Double, nullable=False, server_default="0"))
