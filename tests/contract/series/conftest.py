"""The shelves under the contract suite: memory, a file, PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kumoi.adapters.fake.shelf import FakeShelf
from kumoi.adapters.sql.shelf import open_shelf
from kumoi.contracts.series import Shelf


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Shelf]]:
    """Opens the same shelf once more, as another process would."""
    if request.param == "fake":
        one = FakeShelf()
        yield lambda: one
        return
    url = f"sqlite:///{tmp_path}/kumoi.sqlite"
    if request.param == "postgresql":
        url = request.getfixturevalue("fresh_postgres_url")
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(open_shelf(url)))


@pytest.fixture
def shelf(another: Callable[[], Shelf]) -> Shelf:
    return another()
