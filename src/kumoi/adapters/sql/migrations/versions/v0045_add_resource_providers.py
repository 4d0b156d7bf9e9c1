"""Add resource providers that clients make, who holds of them, and their own words."""

from alembic import op
from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, integers, key, nested, switches, texts, times

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "resource_providers",
    then,
    key(),
    *texts("name", "root_id"),
    *texts("parent_id", null=True),
    *integers("revision"),
    *switches("is_host"),
    *nested("inventories", "traits", "aggregates"),
    *times("created_at", "updated_at"),
    UniqueConstraint("name"),
    Index(None, "root_id"),
    Index(None, "parent_id"),
)

Table(
    "allocation_consumers",
    then,
    key(),
    *texts("project_id", "user_id", "kind"),
    *integers("revision"),
    *times("created_at"),
    Index(None, "project_id"),
)

Table("resource_classes", then, key(), *times("created_at"))

Table("traits", then, key(), *times("created_at"))


def upgrade() -> None:
    then.create_all(op.get_bind())
