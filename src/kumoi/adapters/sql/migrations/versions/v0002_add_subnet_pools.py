"""Add subnet pools, the IPv6 modes of subnets, and names of nics."""

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, TEXT, integers, kept, key, nested, switches, texts

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

subnet_pools = Table(
    "subnet_pools",
    then,
    key(),
    *texts("project_id", "name", "description"),
    *integers("ip_version", "default_prefixlen", "min_prefixlen", "max_prefixlen"),
    *integers("quota", null=True),
    *switches("shared", "is_default"),
    *nested("prefixes"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    with op.batch_alter_table("nics") as nics:
        nics.add_column(Column("dns_name", TEXT, nullable=False, server_default=""))
    with op.batch_alter_table("subnets") as subnets:
        subnets.add_column(Column("ra_mode", TEXT, nullable=False, server_default=""))
        subnets.add_column(Column("address_mode", TEXT, nullable=False, server_default=""))
        subnets.add_column(Column("pool_id", TEXT, nullable=True))
        subnets.create_index("ix_subnets_pool_id", ["pool_id"])
