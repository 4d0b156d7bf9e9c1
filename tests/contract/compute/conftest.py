"""The compute drivers under the contract suite."""

from collections.abc import Iterator

import pytest
from tests.contract.compute.rigs import FakeRig, LibvirtRig, Rig
from tests.contract.compute.sandbox import Sandbox, sandbox

LIBVIRT = pytest.param("libvirt", marks=[pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(400)])


@pytest.fixture(scope="session")
def box() -> Iterator[Sandbox]:
    with sandbox() as made:
        yield made


@pytest.fixture
def libvirt_rig(request: pytest.FixtureRequest) -> Iterator[LibvirtRig]:
    rig = LibvirtRig(request.getfixturevalue("box"), request.getfixturevalue("tiny"))
    yield rig
    rig.close()


@pytest.fixture
def fake_rig() -> FakeRig:
    return FakeRig()


@pytest.fixture(params=["fake", LIBVIRT])
def rig(request: pytest.FixtureRequest) -> Rig:
    """What a rig needs is made only where it is asked for: the fake one needs no libvirtd."""
    made: Rig = request.getfixturevalue(f"{request.param}_rig")
    return made
