"""The README's two minutes are true: every command of them, in order, in one shell, against a real cloud."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.test_demo import Newcomer, newcomer

__all__ = ["newcomer"]
pytestmark = [pytest.mark.privileged, pytest.mark.guest]

SECTION = re.compile(r"^## Two minutes.*?(?=^## )", re.MULTILINE | re.DOTALL)
# `kumoi ssh` waits half a minute for a guest to boot; a machine full of tests may need more.
PATIENT = 'for _ in $(seq 90); do {line} && break; sleep 2; done || {{ echo "late: {line}"; exit 1; }}'


def commands(page: str) -> Iterator[str]:
    """Without the clients' installation: the test environment has them."""
    found = SECTION.search(page)
    assert found is not None
    for line in re.findall(r"^\$ (.*)$", found.group(), re.MULTILINE):
        if "~/clients" not in line:
            yield PATIENT.format(line=line) if " ssh " in line else line


@pytest.mark.timeout(900)
def test_two_minutes_with_the_clients_you_know(newcomer: Newcomer, clone: Path) -> None:
    newcomer.outcomes()
    script = "\n".join(("set -ex", *commands((clone / "README.md").read_text())))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    newcomer.shell(script, clone, PATH=path, KUMOI_STATE=str(newcomer.state))
