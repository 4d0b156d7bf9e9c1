"""The host's rule machine has teeth: it finds every planted fault."""

from pathlib import Path

import pytest
from tests.machines.cloud_mutants import CLOUD_MUTANTS
from tests.machines.mutants import HOST_MUTANTS, Mutant, lost, survives


def test_every_fault_can_be_planted(clone: Path) -> None:
    """The cloud's too, whose hunt is a soak: a line that moves takes its mutant along."""
    assert lost((*HOST_MUTANTS, *CLOUD_MUTANTS), clone / "src") == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutant", HOST_MUTANTS, ids=lambda m: m.why.replace(" ", "-"))
def test_the_machine_finds(mutant: Mutant, clone: Path, tmp_path: Path) -> None:
    assert survives(mutant, clone, tmp_path) == ""
