"""Add the tokens that open a console once."""

from alembic import op
from sqlalchemy import Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, key, texts, times

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

console_tokens = Table(
    "console_tokens",
    then,
    key(),
    *texts("instance_id", "project_id", "user_id", "kind"),
    *times("created_at", "expires_at"),
    *times("used_at", null=True),
    Index(None, "instance_id"),
    Index(None, "expires_at"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
