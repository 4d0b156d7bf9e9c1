"""Every test has a cloud of its own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cinder import Cinder


@pytest.fixture
def cinder(tmp_path: Path) -> Iterator[Cinder]:
    with asyncio.Runner() as runner:
        made = Cinder(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()
