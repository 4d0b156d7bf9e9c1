"""Know which routers another host carries when theirs is lost: all so far."""

from alembic import op
from sqlalchemy import Boolean, Column, true

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("vpcs") as vpcs:
        vpcs.add_column(Column("ha", Boolean, nullable=False, server_default=true()))
