"""Networks that are parts of a physical one, and ranges of its VLANs."""

from alembic import op
from sqlalchemy import BigInteger, Column

from kumoi.adapters.sql.schema import TEXT

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("networks") as networks:
        networks.add_column(Column("physical", TEXT, nullable=False, server_default=""))
        networks.add_column(Column("vlan", BigInteger, nullable=False, server_default="0"))
    with op.batch_alter_table("segment_ranges") as ranges:
        ranges.add_column(Column("physical", TEXT, nullable=False, server_default=""))
