"""For developers: write the next revision by what tables.py says.

`python -m kumoi.adapters.sql.migrations "Add volumes"`
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from kumoi.adapters.sql.migrate import HEAD, SCRIPTS, migrate
from kumoi.adapters.sql.sqlite import SqliteDatabase


def draft(message: str) -> None:
    """A file in versions/, to be read and put right by its author."""
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(Path(folder) / "head.db")
        migrate(database)
        with database.engine().begin() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True, rev_id=f"{int(HEAD) + 1:04}")


if __name__ == "__main__":
    draft(sys.argv[1])
