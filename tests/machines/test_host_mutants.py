"""The host's rule machine has teeth: it finds every planted fault, and nothing where nothing is planted."""

from pathlib import Path

import pytest
from tests.machines.cloud_mutants import CLOUD_MUTANTS
from tests.machines.hunt import FOUND, NOT_FOUND
from tests.machines.mutants import HOST_MUTANTS, Mutant, lost, plant, send

MACHINE = "tests.machines.test_host:HostMachine"
EXAMPLES = 200  # nearly all are found within ten: one that needs many more deserves a rule in `host_races`


def test_every_fault_can_be_planted(clone: Path) -> None:
    """The cloud's too, whose hunt is a soak: a line that moves takes its mutant along."""
    assert lost((*HOST_MUTANTS, *CLOUD_MUTANTS), clone / "src") == []


@pytest.mark.parametrize("mutant", HOST_MUTANTS, ids=lambda m: m.why.replace(" ", "-"))
def test_the_machine_finds(mutant: Mutant, clone: Path, tmp_path: Path) -> None:
    plant(mutant, clone, tmp_path / "src")
    hunt = send(MACHINE, EXAMPLES, source=tmp_path / "src", clone=clone)
    assert hunt.returncode == FOUND, hunt.stdout


def test_it_finds_nothing_where_nothing_is_planted(clone: Path) -> None:
    """A hunt that cries out at everything would pass all of the above."""
    hunt = send(MACHINE, 10, source=clone / "src", clone=clone)
    assert hunt.returncode == NOT_FOUND, hunt.stdout
