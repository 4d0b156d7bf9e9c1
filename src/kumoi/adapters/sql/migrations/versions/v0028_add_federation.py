"""Add federation, endpoint groups, policies, configurations of domains; options and more attributes of users."""

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table, UniqueConstraint

from kumoi.adapters.sql.schema import NAMES, TEXT, key, nested, switches, texts

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "endpoint_groups",
    then,
    key(),
    *texts("name", "description"),
    *nested("filters"),
    UniqueConstraint("name"),
)

Table(
    "endpoint_filters",
    then,
    key(),
    *texts("project_id", "endpoint_id", "group_id"),
    Index(None, "project_id"),
    Index(None, "group_id"),
)

Table(
    "identity_providers",
    then,
    key(),
    *texts("domain_id", "description"),
    *switches("enabled"),
    *nested("remote_ids"),
    Index(None, "domain_id"),
)

Table(
    "mappings",
    then,
    key(),
    *texts("rules", "schema_version"),
)

Table(
    "federation_protocols",
    then,
    key(),
    *texts("provider_id", "name", "mapping_id", "remote_id_attribute"),
    Index(None, "provider_id"),
)

Table(
    "service_providers",
    then,
    key(),
    *texts("auth_url", "sp_url", "description", "relay_state_prefix"),
    *switches("enabled"),
)

Table(
    "policies",
    then,
    key(),
    *texts("type", "blob"),
)

Table(
    "domain_configs",
    then,
    key(),
    *texts("options", "sealed_passwords"),
)


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.add_column(Column("options", TEXT, nullable=False, server_default="{}"))
        users.add_column(Column("extra", TEXT, nullable=False, server_default="{}"))
    then.create_all(op.get_bind())
