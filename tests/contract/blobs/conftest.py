"""The blob drivers under the contract suite."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kumoi.adapters.storage.blobs import FileBlobs
from kumoi.contracts.blobs import Blobs


def files(folder: Path) -> Blobs:
    return FileBlobs(folder / "blobs")


@pytest.fixture(params=[files])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    make: Callable[[Path], Blobs] = request.param
    return make(tmp_path)
