"""What every test has: the clone's folder, and property tests without timed assertions."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.contract.postgres"]

# The checks draw the same examples each time and everywhere: they say whether a change broke something, and a verdict
# that the next run may turn around is none. Looking for what nobody knows yet is `--hypothesis-profile=explore`.
settings.register_profile(
    "kumoi", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("kumoi"), derandomize=False, database=None)
settings.load_profile("kumoi")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without root, what needs it is left out and said so; everything else runs."""
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason="needs root itself (a plain user's guests are tried by e2e)"))


@pytest.fixture(scope="session")
def clone() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).parent.parent
