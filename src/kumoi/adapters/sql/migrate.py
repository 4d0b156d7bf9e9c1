"""Bringing a database to this version's schema, from wherever it is, in one transaction.

Two processes that start at once do it once: the transaction begins with the write lock. An empty database gets today's
tables at once (`founding`); Alembic is loaded only for one of an older version.
"""

from importlib.resources import files

from sqlalchemy import Connection

from kumoi.adapters.sql import founding
from kumoi.adapters.sql.connection import Database
from kumoi.core.errors import Unsupported

SCRIPTS = "kumoi.adapters.sql:migrations"
HEAD = max(file.name[1:5] for file in (files(__package__) / "migrations" / "versions").iterdir() if file.name[0] == "v")


def migrate(database: Database) -> None:
    """Raises Unsupported (what=schema, found, newest) when the database belongs to a newer version."""
    if database.revision() == HEAD:
        return
    engine = database.engine()
    with engine.begin() as connection:
        found = database.revision()
        if found is None:
            founding.found(connection, HEAD)
        elif found != HEAD:
            _upgrade(connection, found)
    engine.dispose()


def _upgrade(connection: Connection, found: str) -> None:
    from alembic import command  # costs 100 ms and 10 MB
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    try:
        ScriptDirectory.from_config(config).get_revision(found)
    except CommandError as error:
        raise Unsupported("store", what="schema", reason="newer_database", found=found, newest=HEAD) from error
    command.upgrade(config, "head")
