"""The storage drivers under the contract suite."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kumoi.adapters.storage.files import FileStorage, Owner
from kumoi.contracts.storage import Storage

OWN = Owner(uid=os.getuid(), gid=os.getgid())


def files(folder: Path) -> Storage:
    return FileStorage(folder / "images", OWN)


@pytest.fixture(params=[files])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    make: Callable[[Path], Storage] = request.param
    return make(tmp_path)
