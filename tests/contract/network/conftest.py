"""The network drivers under the contract suite."""

from collections.abc import Iterator

import pytest
from tests.contract.network.linux_rig import linux_rig
from tests.contract.network.rig import Rig

LINUX = pytest.param("linux", marks=pytest.mark.privileged)


@pytest.fixture
def linux() -> Iterator[Rig]:
    with linux_rig() as rig:
        yield rig


@pytest.fixture(params=[LINUX])
def rig(request: pytest.FixtureRequest) -> Rig:
    """Each driver's own rig, made only where it is asked for."""
    made: Rig = request.getfixturevalue(request.param)
    return made
