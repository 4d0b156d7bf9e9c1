"""Remember of each host what it said last, so that an unchanged report writes nothing whoever takes it."""

from alembic import op
from sqlalchemy import Column

from kumoi.adapters.sql.schema import TEXT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("hosts") as hosts:
        hosts.add_column(Column("report_digest", TEXT, nullable=False, server_default=""))
