"""The programs of docs/python.md: typed, and run as they stand by the words of `kumoi env`."""

import ast
import re
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.conformance.conftest import SimulatedCloud

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def programs(clone: Path) -> list[str]:
    return BLOCK.findall((clone / "docs/python.md").read_text())


@pytest.mark.parametrize("which", [0, 1], ids=["openstacksdk", "boto3"])
def test_a_program_of_the_docs_runs(cloud: SimulatedCloud, clone: Path, tmp_path: Path, which: int) -> None:
    path = tmp_path / "example.py"
    path.write_text(programs(clone)[which])
    done = subprocess.run(
        [sys.executable, str(path)], env=cloud.environ, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    (address,) = ast.literal_eval(done.stdout)
    assert ip_address(address).is_private


def test_the_programs_are_typed(clone: Path, tmp_path: Path) -> None:
    """Every function, by strict rules; the clients' own types are theirs."""
    paths = [tmp_path / f"example{number}.py" for number in range(len(programs(clone)))]
    for path, program in zip(paths, programs(clone), strict=True):
        path.write_text(program)
    rules = ["--strict", "--follow-imports=skip", "--ignore-missing-imports", "--cache-dir", str(tmp_path / "cache")]
    command = [sys.executable, "-m", "mypy", "--config-file", "", *rules, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert len(paths) == 2
