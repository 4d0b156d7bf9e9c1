"""The tools that judge the source: lint, types, and who may import whom."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORT_LINTER = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def judge(clone: Path, *command: str) -> None:
    """Run a tool of the test environment on the clone's own sources; its words are the failure."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(done.stdout + done.stderr, pytrace=False)


def test_lint(clone: Path) -> None:
    judge(clone, "-m", "ruff", "check", "--no-cache", "--quiet", "src", "tests")


@pytest.mark.timeout(600)
def test_types(clone: Path) -> None:
    """With the clone's own cache: a minute the first time, seconds from then on."""
    judge(clone, "-m", "mypy", "--no-error-summary")


def test_imports_point_down(clone: Path) -> None:
    judge(clone, "-c", IMPORT_LINTER, "--no-cache")
