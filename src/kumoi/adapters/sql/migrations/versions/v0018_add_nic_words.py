"""Nics with DHCP options and a domain of their own, subnets for certain holders, notes on hosts."""

from alembic import op
from sqlalchemy import Column

from kumoi.adapters.sql.schema import TEXT

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ADDED = {
    "nics": {"dns_domain": "", "bound_to": "", "dhcp_options": "[]"},
    "subnets": {"service_types": "[]"},
    "hosts": {"note": ""},
}


def upgrade() -> None:
    for table, columns in _ADDED.items():
        with op.batch_alter_table(table) as changed:
            for name, default in columns.items():
                changed.add_column(Column(name, TEXT, nullable=False, server_default=default))
