"""Public addresses that are made with an instance's nic, and subnets whose instances get one."""

from alembic import op
from sqlalchemy import Boolean, Column, false

from kumoi.adapters.sql.schema import TEXT

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("public_addresses") as addresses:
        addresses.add_column(Column("made_for", TEXT))
        addresses.create_index("ix_public_addresses_made_for", ["made_for"])
    with op.batch_alter_table("subnets") as subnets:
        subnets.add_column(Column("public_on_launch", Boolean, nullable=False, server_default=false()))
