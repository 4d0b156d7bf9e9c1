"""Add shares in place of switches, address scopes, and the default outer network."""

from uuid import uuid4

from alembic import op
from sqlalchemy import Boolean, Column, Index, MetaData, Table, UniqueConstraint, false, text

from kumoi.adapters.sql.schema import NAMES, TEXT, integers, key, texts, times

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

then = MetaData(naming_convention=NAMES)

address_scopes = Table(
    "address_scopes",
    then,
    key(),
    *texts("project_id", "name"),
    *integers("ip_version", "generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)

shares = Table(
    "shares",
    then,
    key(),
    *texts("project_id", "kind", "object_id", "action", "target"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("object_id", "action", "target"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "target", "kind"),
)


def upgrade() -> None:
    then.create_all(op.get_bind())
    for kind, table, switch, action in (
        ("network", "networks", "shared", "use"),
        ("network", "networks", "external", "lead_out"),
        ("subnet_pool", "subnet_pools", "shared", "use"),
    ):
        _share(kind, table, switch, action)
    with op.batch_alter_table("networks") as networks:
        networks.drop_column("shared")
        networks.add_column(Column("is_default", Boolean, nullable=False, server_default=false()))
    with op.batch_alter_table("subnet_pools") as pools:
        pools.drop_column("shared")
        pools.add_column(Column("scope_id", TEXT, nullable=True))
        pools.create_index("ix_subnet_pools_scope_id", ["scope_id"])


def _share(kind: str, table: str, switch: str, action: str) -> None:
    """What every project could use is shared with every one."""
    found = op.get_bind().execute(
        text(f"SELECT id, project_id, created_at FROM {table} WHERE {switch} AND deleted_at IS NULL")  # noqa: S608
    )
    rows = [
        {
            "id": str(uuid4()), "project_id": project, "kind": kind, "object_id": row, "action": action, "target": "*",
            "generation": 1, "created_at": at, "updated_at": at,
        }
        for row, project, at in found
    ]  # fmt: skip
    if rows:
        op.get_bind().execute(shares.insert(), rows)
