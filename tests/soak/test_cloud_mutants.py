"""The cloud's rule machine has teeth: it finds every planted fault."""

from pathlib import Path

import pytest
from tests.machines.cloud_mutants import CLOUD_MUTANTS
from tests.machines.mutants import Mutant, survives


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutant", CLOUD_MUTANTS, ids=lambda m: m.why.replace(" ", "-"))
def test_the_machine_finds(mutant: Mutant, clone: Path, tmp_path: Path) -> None:
    assert survives(mutant, clone, tmp_path, "soak/test_cloud_machine.py") == ""
