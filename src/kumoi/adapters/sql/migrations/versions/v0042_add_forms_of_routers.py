"""Add flavors of routers, their service profiles, and distributed routers."""

from alembic import op
from sqlalchemy import Boolean, Column, MetaData, Table, false

from kumoi.adapters.sql.schema import NAMES, integers, key, nested, switches, texts, times

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "service_flavors",
    then,
    key(),
    *texts("name", "service", "description"),
    *switches("enabled"),
    *nested("profile_ids"),
    *integers("generation"),
    *times("created_at", "updated_at"),
)
Table(
    "service_profiles",
    then,
    key(),
    *texts("metainfo", "description"),
    *texts("form", null=True),
    *switches("enabled"),
    *integers("generation"),
    *times("created_at", "updated_at"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    for column in texts("flavor_id", null=True):
        op.add_column("vpcs", column)
    op.create_index("ix_vpcs_flavor_id", "vpcs", ["flavor_id"])
    op.add_column("vpcs", Column("distributed", Boolean, nullable=False, server_default=false()))
