"""Add credentials of any type."""

from alembic import op
from sqlalchemy import Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, key, texts, times

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

credentials = Table(
    "credentials",
    then,
    key(),
    *texts("user_id", "project_id", "type", "sealed_blob"),
    *times("created_at"),
    Index(None, "user_id"),
    Index(None, "project_id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
