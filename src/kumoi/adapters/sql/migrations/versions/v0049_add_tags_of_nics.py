"""The tags by which instances know their nics."""

from alembic import op
from sqlalchemy import TEXT, Column

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("nics") as nics:
        nics.add_column(Column("tag", TEXT, nullable=False, server_default=""))
