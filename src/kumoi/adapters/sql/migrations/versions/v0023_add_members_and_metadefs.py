"""Add members of images, and metadata definitions."""

from alembic import op
from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, key, switches, texts, times

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "image_members",
    then,
    key(),
    *texts("image_id", "project_id", "status"),
    *times("created_at", "updated_at"),
    Index(None, "image_id"),
    Index(None, "project_id"),
)

Table(
    "metadef_namespaces",
    then,
    key(),
    *texts("project_id", "name", "display_name", "description", "visibility"),
    *switches("protected"),
    *times("created_at", "updated_at"),
    UniqueConstraint("name"),
)

Table(
    "metadef_entries",
    then,
    key(),
    *texts("namespace_id", "kind", "name", "body"),
    *times("created_at", "updated_at"),
    UniqueConstraint("namespace_id", "kind", "name"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
