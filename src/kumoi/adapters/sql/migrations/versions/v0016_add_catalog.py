"""Add services, endpoints and regions that were entered."""

from alembic import op
from sqlalchemy import Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, key, switches, texts

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

services = Table("services", then, key(), *texts("type", "name", "description"), *switches("enabled"))

endpoints = Table(
    "endpoints",
    then,
    key(),
    *texts("service_id", "interface", "url", "region_id"),
    *switches("enabled"),
    Index(None, "service_id"),
    Index(None, "region_id"),
)

regions = Table("regions", then, key(), *texts("description", "parent_id"), Index(None, "parent_id"))


def upgrade() -> None:
    then.create_all(op.get_bind())
