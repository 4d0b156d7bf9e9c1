"""Add volume types, their QoS specs, and types of groups."""

from alembic import op
from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, integers, key, nested, switches, texts, times

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "volume_types",
    then,
    key(),
    *texts("name", "description"),
    *texts("qos_id", null=True),
    *nested("extra_specs"),
    *nested("encryption", null=True),
    *switches("public"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("name"),
    Index(None, "qos_id"),
)

Table(
    "volume_qos",
    then,
    key(),
    *texts("name", "consumer"),
    *nested("specs"),
    *integers("generation"),
    *times("created_at"),
    UniqueConstraint("name"),
)

Table(
    "volume_group_types",
    then,
    key(),
    *texts("name", "description"),
    *nested("specs"),
    *switches("public"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("name"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
