"""Add application credentials, their access rules, and trusts."""

from alembic import op
from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, integers, key, nested, switches, texts, times

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

application_credentials = Table(
    "application_credentials",
    then,
    key(),
    *texts("user_id", "project_id", "name", "secret_hash", "description"),
    *nested("roles"),
    *nested("access_rules", null=True),
    *switches("unrestricted"),
    *times("expires_at", null=True),
    *times("created_at"),
    UniqueConstraint("user_id", "name"),
    Index(None, "project_id"),
)

access_rules = Table(
    "access_rules",
    then,
    key(),
    *texts("user_id", "service", "method", "path"),
    UniqueConstraint("user_id", "service", "method", "path"),
)

trusts = Table(
    "trusts",
    then,
    key(),
    *texts("trustor_id", "trustee_id", "project_id", "parent_id"),
    *nested("roles"),
    *switches("impersonation"),
    *integers("remaining_uses", null=True),
    *integers("redelegations"),
    *times("expires_at", null=True),
    *times("created_at"),
    Index(None, "trustor_id"),
    Index(None, "trustee_id"),
    Index(None, "project_id"),
    Index(None, "parent_id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
