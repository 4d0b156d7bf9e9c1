"""Volumes reached over the network: the portals of pools, the secrets of attachments, and who was seen to be let in."""

from alembic import op
from sqlalchemy import Column

from kumoi.adapters.sql.schema import JSON, TEXT

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("storage_pools") as pools:
        pools.add_column(Column("portal", TEXT, nullable=False, server_default=""))
    with op.batch_alter_table("attachments") as attachments:
        attachments.add_column(Column("secret", TEXT, nullable=False, server_default=""))
    with op.batch_alter_table("volume_observations") as observations:
        observations.add_column(Column("exports", TEXT, nullable=False, server_default="[]", info={JSON: True}))
