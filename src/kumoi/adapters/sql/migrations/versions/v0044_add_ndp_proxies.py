"""Add NDP proxies and conntrack helpers of routers."""

from alembic import op
from sqlalchemy import Boolean, Column, Index, MetaData, Table, UniqueConstraint, false

from kumoi.adapters.sql.schema import NAMES, integers, key, texts, times

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "ndp_proxies",
    then,
    key(),
    *texts("project_id", "vpc_id", "nic_id", "address", "name", "description"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("vpc_id", "address"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "nic_id"),
)
Table(
    "conntrack_helpers",
    then,
    key(),
    *texts("project_id", "vpc_id", "helper", "protocol"),
    *integers("port", "generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("vpc_id", "protocol", "port"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    op.add_column("vpcs", Column("ndp_proxy", Boolean, nullable=False, server_default=false()))
