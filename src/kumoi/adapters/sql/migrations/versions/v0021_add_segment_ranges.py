"""Add ranges of network numbers."""

from alembic import op
from sqlalchemy import Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, integers, key, texts, times

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "segment_ranges",
    then,
    key(),
    *texts("project_id", "name", "description"),
    *integers("first", "last", "generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    with op.batch_alter_table("networks") as networks:
        networks.create_index("ix_networks_vni", ["vni"])
