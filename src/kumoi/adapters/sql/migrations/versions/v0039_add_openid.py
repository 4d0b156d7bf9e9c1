"""Add clients of OpenID providers, and by whom users were brought."""

from alembic import op
from sqlalchemy import Column, Index, MetaData, Table

from kumoi.adapters.sql.schema import NAMES, TEXT, key, nested, texts

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table(
    "federated_users",
    then,
    key(),
    *texts("provider_id", "protocol"),
    *nested("groups"),
    Index(None, "provider_id"),
)


def upgrade() -> None:
    with op.batch_alter_table("federation_protocols") as protocols:
        for name, default in (("client_id", ""), ("sealed_client_secret", ""), ("scope", ""), ("audiences", "[]")):
            protocols.add_column(Column(name, TEXT, nullable=False, server_default=default))
    then.create_all(op.get_bind())
