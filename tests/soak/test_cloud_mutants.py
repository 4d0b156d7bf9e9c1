"""The cloud's rule machine has teeth: it finds every planted fault."""

from pathlib import Path

import pytest
from tests.machines.cloud_mutants import CLOUD_MUTANTS
from tests.machines.hunt import FOUND
from tests.machines.mutants import Mutant, plant, send


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mutant", CLOUD_MUTANTS, ids=lambda m: m.why.replace(" ", "-"))
def test_the_machine_finds(mutant: Mutant, clone: Path, tmp_path: Path) -> None:
    plant(mutant, clone, tmp_path / "src")
    hunt = send("tests.machines.cloud_machine:CloudMachine", 200, source=tmp_path / "src", clone=clone)
    assert hunt.returncode == FOUND, hunt.stdout
