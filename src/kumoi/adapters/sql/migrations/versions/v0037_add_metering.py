"""Add metering labels and their rules."""

from alembic import op
from sqlalchemy import Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, integers, key, switches, texts, times

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "metering_labels",
    then,
    key(),
    *texts("project_id", "name", "description"),
    *switches("shared"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)
Table(
    "metering_rules",
    then,
    key(),
    *texts("project_id", "label_id", "direction"),
    *texts("source", "destination", "near", null=True),
    *switches("excluded"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "label_id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
