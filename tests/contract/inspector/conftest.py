"""The inspectors under the contract suite."""

import pytest

from kumoi.adapters.storage.inspector import ConfinedInspector
from kumoi.contracts.inspector import Inspector


@pytest.fixture(params=[ConfinedInspector])
def inspector(request: pytest.FixtureRequest) -> Inspector:
    made: Inspector = request.param()
    return made
