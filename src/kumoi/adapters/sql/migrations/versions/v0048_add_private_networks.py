"""Add private VLANs: networks that are private, and the roles of their nics."""

from alembic import op
from sqlalchemy import Boolean, Column, false

from kumoi.adapters.sql.schema import TEXT

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("networks", Column("pvlan", Boolean, nullable=False, server_default=false()))
    for name in ("pvlan", "community"):
        op.add_column("nics", Column(name, TEXT, nullable=False, server_default=""))
