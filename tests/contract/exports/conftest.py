"""The suite runs once a driver."""

from collections.abc import Iterator

import pytest
from tests.contract.exports import rigs
from tests.contract.exports.rigs import Rig, TgtRig


@pytest.fixture(params=["fake", "tgt"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    yield from rigs.rig(request.param)


@pytest.fixture
def tgt() -> Iterator[TgtRig]:
    made = TgtRig()
    yield made
    made.close()
