"""Add consumers of OAuth 1, what they ask for, and what they were let."""

from alembic import op
from sqlalchemy import Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, key, nested, texts, times

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table("oauth_consumers", then, key(), *texts("sealed_secret", "description"))

Table(
    "oauth_requests",
    then,
    key(),
    *texts("consumer_id", "sealed_secret", "project_id", "user_id", "sealed_verifier"),
    *nested("roles"),
    *times("expires_at"),
    Index(None, "consumer_id"),
    Index(None, "expires_at"),
)

Table(
    "oauth_accesses",
    then,
    key(),
    *texts("consumer_id", "sealed_secret", "user_id", "project_id"),
    *nested("roles"),
    *times("expires_at"),
    Index(None, "consumer_id"),
    Index(None, "user_id"),
    Index(None, "project_id"),
    Index(None, "expires_at"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
