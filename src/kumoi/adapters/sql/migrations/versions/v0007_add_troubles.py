"""Add what hosts say of things that are not as wished, of strays, and why they halted."""

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, TEXT, key, nested, texts, times

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

troubles = Table(
    "troubles",
    then,
    key(),
    *texts("host_id", "entry"),
    *nested("condition"),
    *times("since"),
    Index(None, "host_id"),
    Index(None, "entry"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    with op.batch_alter_table("hosts") as hosts:
        hosts.add_column(Column("halted", TEXT, nullable=False, server_default=""))
        hosts.add_column(Column("strays", TEXT, nullable=False, server_default="[]"))
