"""Files that a user gives an instance."""

from alembic import op
from sqlalchemy import TEXT, Column

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("instances") as instances:
        instances.add_column(Column("files", TEXT, nullable=False, server_default="{}"))
