"""Routers with several ways out."""

from alembic import op
from sqlalchemy import Boolean, Column, false

from kumoi.adapters.sql.schema import TEXT

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("vpcs") as vpcs:
        vpcs.add_column(Column("more_gateways", TEXT, nullable=False, server_default="[]"))
        vpcs.add_column(Column("ecmp", Boolean, nullable=False, server_default=false()))
