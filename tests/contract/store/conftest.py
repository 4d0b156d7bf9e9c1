"""Every test of this folder runs on both databases."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import delete

from kumoi.adapters.sql.schema import metadata
from kumoi.adapters.sql.store import SqlStore, database_of, open_store
from kumoi.adapters.sql.tables import cloud


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_url: str) -> str:
    """Made once: a database costs PostgreSQL half a second."""
    open_store(postgres_url).close()
    return postgres_url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in its tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kumoi.db"
    found: str = request.getfixturevalue("postgres_with_tables")
    with database_of(found).engine().begin() as connection:
        for table in metadata.tables.values():
            if table is not cloud:
                connection.execute(delete(table))
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kumoi.db"
    found: str = request.getfixturevalue("fresh_postgres_url")
    return found


@pytest.fixture
def another(url: str) -> Iterator[Callable[[], SqlStore]]:
    """Opens the same database once more: another process, as far as the store can tell."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(open_store(url)))


@pytest.fixture
def store(another: Callable[[], SqlStore]) -> SqlStore:
    return another()
