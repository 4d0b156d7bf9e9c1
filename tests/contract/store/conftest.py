"""Every test of this folder runs on both databases."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kumoi.adapters.sql.store import SqlStore, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that this test alone has."""
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
