"""${message}."""

import sqlalchemy as sa
from alembic import op

from kumoi.adapters.sql.schema import TEXT

revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
