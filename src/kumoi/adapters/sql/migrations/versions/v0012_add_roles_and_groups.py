"""Add roles, what they imply, groups of users, and assignments to groups, on domains, and to all that is below."""

from alembic import op
from sqlalchemy import Boolean, Column, Index, MetaData, Table, UniqueConstraint, false

from kumoi.adapters.sql.schema import NAMES, TEXT, key, switches, texts, times

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

user_groups = Table(
    "user_groups",
    then,
    key(),
    *texts("name", "domain_id", "description"),
    *times("created_at"),
    UniqueConstraint("domain_id", "name"),
)

memberships = Table(
    "memberships", then, key(), *texts("group_id", "user_id"), Index(None, "group_id"), Index(None, "user_id")
)

roles = Table(
    "roles",
    then,
    key(),
    *texts("name", "domain_id", "description"),
    *switches("immutable"),
    *times("created_at"),
    UniqueConstraint("domain_id", "name"),
)

implications = Table(
    "implications", then, key(), *texts("prior", "implied"), Index(None, "prior"), Index(None, "implied")
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    with op.batch_alter_table("assignments", naming_convention=NAMES) as assignments:
        assignments.add_column(Column("group_id", TEXT, nullable=False, server_default=""))
        assignments.add_column(Column("domain_id", TEXT, nullable=False, server_default=""))
        assignments.add_column(Column("inherited", Boolean, nullable=False, server_default=false()))
        assignments.drop_constraint("uq_assignments_user_id_project_id_role", type_="unique")
        assignments.create_unique_constraint(
            "uq_assignments_all", ["user_id", "group_id", "project_id", "domain_id", "inherited", "role"]
        )
        assignments.create_index("ix_assignments_group_id", ["group_id"])
        assignments.create_index("ix_assignments_domain_id", ["domain_id"])
        assignments.create_index("ix_assignments_role", ["role"])
