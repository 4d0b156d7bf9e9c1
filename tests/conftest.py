"""What every test has: the clone's folder, and property tests without timed assertions."""

from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.contract.postgres"]

settings.register_profile("kumoi", deadline=None, print_blob=True)
settings.load_profile("kumoi")


@pytest.fixture(scope="session")
def clone() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).parent.parent
