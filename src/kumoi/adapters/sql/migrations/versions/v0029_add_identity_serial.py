"""Add the serial of identity."""

from alembic import op
from sqlalchemy import MetaData, Table

from kumoi.adapters.sql.schema import NAMES, integers, key

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

Table("identity_serial", then, key(), *integers("serial"))


def upgrade() -> None:
    then.create_all(op.get_bind())
