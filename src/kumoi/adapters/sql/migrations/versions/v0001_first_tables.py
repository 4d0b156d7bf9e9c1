"""The first tables. Until the first release they are what tables.py says; from then on, what they were."""

from alembic import op

from kumoi.adapters.sql import tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    tables.cloud.metadata.create_all(op.get_bind())
