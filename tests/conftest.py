"""What every test has: the clone's folder, and property tests without timed assertions."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.contract.postgres"]

settings.register_profile("kumoi", deadline=None, print_blob=True)
settings.load_profile("kumoi")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without root, what needs it is left out and said so; everything else runs."""
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason="needs root (a plain user's guests are tried by e2e)"))


@pytest.fixture(scope="session")
def clone() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).parent.parent
