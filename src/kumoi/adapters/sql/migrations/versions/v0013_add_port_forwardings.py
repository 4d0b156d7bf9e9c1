"""Add port forwardings."""

from alembic import op
from sqlalchemy import Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, integers, key, nested, texts, times

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

port_forwardings = Table(
    "port_forwardings",
    then,
    key(),
    *texts("project_id", "public_id", "nic_id", "address", "protocol", "description"),
    *nested("outer", "inner"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "public_id"),
    Index(None, "nic_id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
