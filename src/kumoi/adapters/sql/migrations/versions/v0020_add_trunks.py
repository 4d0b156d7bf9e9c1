"""Add trunks."""

from alembic import op
from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, integers, key, nested, switches, texts, times

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "trunks",
    then,
    key(),
    *texts("project_id", "nic_id", "name", "description"),
    *switches("admin_up"),
    *nested("subports"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("nic_id"),
    Index(None, "project_id", "created_at", "id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
