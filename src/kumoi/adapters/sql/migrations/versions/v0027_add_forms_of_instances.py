"""Instances at rest, reformed, resized, rescued and shelved; why they are locked."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, false

from kumoi.adapters.sql.schema import TEXT

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("instances") as changed:
        for name in ("locked_reason", "rest", "form_cause", "shelf"):
            changed.add_column(Column(name, TEXT, nullable=False, server_default=""))
        for name in ("form_wanted", "root_number"):
            changed.add_column(Column(name, BigInteger, nullable=False, server_default="0"))
        for name in ("rescue", "before"):
            changed.add_column(Column(name, TEXT, nullable=True))
        changed.add_column(Column("auto_disk", Boolean, nullable=False, server_default=false()))
    with op.batch_alter_table("observations") as changed:
        changed.add_column(Column("forms_done", BigInteger, nullable=False, server_default="0"))
