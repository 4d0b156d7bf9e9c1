"""Add registered limits and limits."""

from alembic import op
from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, integers, key, texts

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "registered_limits",
    then,
    key(),
    *texts("service_id", "resource_name", "region_id", "description"),
    *integers("default_limit"),
    UniqueConstraint("service_id", "region_id", "resource_name"),
)

Table(
    "limits",
    then,
    key(),
    *texts("registered_id", "project_id", "domain_id", "description"),
    *integers("resource_limit"),
    UniqueConstraint("registered_id", "project_id", "domain_id"),
    Index(None, "project_id"),
    Index(None, "domain_id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
