"""Run by Alembic, on the connection (and in the transaction) that it is handed."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from kumoi.adapters.sql import tables
from kumoi.adapters.sql.schema import TEXT


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    return "TEXT" if kind == "type" and repr(item) == repr(TEXT) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.cloud.metadata,
    render_as_batch=True,  # SQLite alters little in place
    transactional_ddl=True,
    render_item=render,
)
context.run_migrations()
