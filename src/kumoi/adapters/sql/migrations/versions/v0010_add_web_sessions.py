"""Remember browsers that signed in, and what their users prefer."""

from alembic import op
from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, integers, key, texts, times

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

web_sessions = Table(
    "web_sessions",
    then,
    key(),
    *texts("digest", "user_id", "project_id", "agent", "address"),
    *integers("revocation"),
    *times("created_at", "seen_at"),
    UniqueConstraint("digest"),
    Index(None, "user_id"),
    Index(None, "seen_at"),
)
preferences = Table("preferences", then, key(), *texts("locale", "theme"))


def upgrade() -> None:
    then.create_all(op.get_bind())
