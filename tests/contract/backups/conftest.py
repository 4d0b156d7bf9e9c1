"""The stores of backups under the contract suite."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kumoi.adapters.backups.chunks import ChunkedBackups
from kumoi.adapters.backups.folder import FolderObjects
from kumoi.adapters.fake.backups import FakeObjects
from kumoi.contracts.backups import Backups

CHUNK_BYTES = 2 << 20


def memory(_folder: Path) -> Backups:
    return ChunkedBackups(FakeObjects(), CHUNK_BYTES)


def folder(folder: Path) -> Backups:
    return ChunkedBackups(FolderObjects(folder / "backups"), CHUNK_BYTES)


@pytest.fixture(params=[memory, folder])
def backups(request: pytest.FixtureRequest, tmp_path: Path) -> Backups:
    make: Callable[[Path], Backups] = request.param
    return make(tmp_path)
