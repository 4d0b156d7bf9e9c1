"""The command as its user calls it: rounds on a simulated cloud, one of them set back to an older database."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(900)
def test_three_rounds_leave_nothing_wrong() -> None:
    words = ("chaos", "--simulate", "--rounds", "3", "--seed", "11", "--first", "2")
    done = subprocess.run((sys.executable, "-P", "-m", "kumoi", *words), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing wrong" in done.stdout
    assert "by an older database" in done.stdout
