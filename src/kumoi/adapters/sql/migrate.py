"""Bringing a database to this version's schema, from wherever it is, in one transaction.

Two processes that start at once do it once: the transaction begins with the write lock. Alembic is loaded only when
there is something to do.
"""

import time
import uuid
from importlib.resources import files

from sqlalchemy import insert, select

from kumoi.adapters.sql.connection import Database
from kumoi.adapters.sql.tables import cloud
from kumoi.core.errors import Unsupported

SCRIPTS = "kumoi.adapters.sql:migrations"
HEAD = max(file.name[1:5] for file in (files(__package__) / "migrations" / "versions").iterdir() if file.name[0] == "v")


def migrate(database: Database) -> None:
    """Raises Unsupported (what=schema, found, newest) when the database belongs to a newer version."""
    if database.revision() == HEAD:
        return
    from alembic import command  # costs 100 ms and 10 MB
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    engine = database.engine()
    with engine.begin() as connection:
        found = database.revision()
        try:
            ScriptDirectory.from_config(config).get_revision(found or "base")
        except CommandError as error:
            raise Unsupported("store", what="schema", found=found, newest=HEAD) from error
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.execute(select(cloud.c.id)).first() is None:
            now = time.time()
            connection.execute(insert(cloud).values(id=str(uuid.uuid4()), epoch=int(now), made_at=now))
    engine.dispose()
