"""The storage drivers under the contract suite."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.contract.storage.volume_rigs import FakeRig, FilesRig, VolumeRig

from kumoi.adapters.fake.storage import FakeStorage
from kumoi.adapters.fake.world import World
from kumoi.adapters.storage.files import FileStorage
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.adapters.system import SystemClock
from kumoi.contracts.storage import Storage

OWN = Owner(uid=os.getuid(), gid=os.getgid())


def files(folder: Path) -> Storage:
    return FileStorage(folder / "images", OWN)


def fake(_: Path) -> Storage:
    return FakeStorage(World(SystemClock()))


@pytest.fixture(params=[fake, files])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    make: Callable[[Path], Storage] = request.param
    return make(tmp_path)


@pytest.fixture(params=[FakeRig, FilesRig])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> VolumeRig:
    make: Callable[[Path], VolumeRig] = request.param
    return make(tmp_path)
