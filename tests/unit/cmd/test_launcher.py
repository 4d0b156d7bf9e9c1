"""The launcher's refusals: one line each, that says what is wrong and what would help.

Its world is made of programs of the tests' own, first in the PATH.
"""

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    put(folder, "id", "echo 1000")
    put(folder, "sudo", "exit 1")
    put(folder, "dpkg-query", 'shift 3; for name; do printf " %s:installed " "$name"; done')
    return folder


def put(folder: Path, name: str, body: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def launch(clone: Path, programs: Path, state_home: str, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [clone / "kumoi", *arguments],
        env={"PATH": f"{programs}:{os.environ['PATH']}", "HOME": "/", "XDG_STATE_HOME": state_home},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_names_the_packages_and_the_command(clone: Path, programs: Path) -> None:
    put(programs, "dpkg-query", "echo ' python3-venv:config-files '")
    assert launch(clone, programs, "/nowhere", "status") == (
        1,
        "kumoi: packages are missing; as root: apt-get install --no-install-recommends python3-venv\n",
    )


def test_a_simulated_cloud_needs_no_hypervisor(clone: Path, programs: Path) -> None:
    put(programs, "dpkg-query", "echo ' python3-venv:installed '")
    _, real = launch(clone, programs, "/proc/nowhere", "up")
    _, simulated = launch(clone, programs, "/proc/nowhere", "up", "--simulate")
    assert "qemu-system-x86" in real
    assert "packages" not in simulated


def test_a_home_that_cannot_be_written(clone: Path, programs: Path) -> None:
    code, words = launch(clone, programs, "/proc/nowhere", "status")
    assert code == 1
    assert words == ("kumoi: cannot write to /proc/nowhere/kumoi; name a folder that you own with --state DIR\n")


def test_a_state_that_cannot_be_written(clone: Path, programs: Path) -> None:
    _, words = launch(clone, programs, "/proc/nowhere", "status", "--state", "/proc/either")
    assert words.startswith("kumoi: cannot write to /proc/either/program;")
