"""Add tags of projects, and what password rules remember of users."""

from alembic import op
from sqlalchemy import BigInteger, Column, Double

from kumoi.adapters.sql.schema import NAMES, TEXT

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("projects", naming_convention=NAMES) as projects:
        projects.add_column(Column("tags", TEXT, nullable=False, server_default="[]"))
        projects.create_index("ix_projects_parent_id", ["parent_id"])
    with op.batch_alter_table("users", naming_convention=NAMES) as users:
        users.add_column(Column("past_hashes", TEXT, nullable=False, server_default="[]"))
        users.add_column(Column("failures", BigInteger, nullable=False, server_default="0"))
        users.add_column(Column("failed_at", Double, nullable=False, server_default="0"))
        users.add_column(Column("password_expires_at", Double, nullable=True))
