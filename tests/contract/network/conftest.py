"""The network drivers under the contract suite."""

from collections.abc import Iterator

import pytest
from tests.contract.network.linux_rig import linux_rig
from tests.contract.network.rig import Rig

from kumoi.adapters.fake.network import FakeNetwork
from kumoi.adapters.fake.world import World
from kumoi.adapters.system import SystemClock
from kumoi.contracts.network import Network

FAKE = "fake"
LINUX = pytest.param("linux", marks=pytest.mark.privileged)


@pytest.fixture
def linux() -> Iterator[Rig]:
    with linux_rig() as rig:
        yield rig


@pytest.fixture
def dnsmasq() -> Iterator[Rig]:
    """The same, with dnsmasq for DHCPv4."""
    with linux_rig("--dnsmasq") as rig:
        yield rig


@pytest.fixture
def fake() -> FakeNetwork:
    world = World(SystemClock())
    world.physical = set()  # as on a machine that was joined to nothing
    return FakeNetwork(world)


@pytest.fixture(params=[FAKE, LINUX])
def network(request: pytest.FixtureRequest) -> Network:
    """Each driver, without machines."""
    made = request.getfixturevalue(request.param)
    driver: Network = made if request.param == FAKE else made.network
    return driver


@pytest.fixture(params=[LINUX])
def rig(request: pytest.FixtureRequest) -> Rig:
    """Each driver's own rig, made only where it is asked for."""
    made: Rig = request.getfixturevalue(request.param)
    return made
