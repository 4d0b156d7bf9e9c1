"""What may stand in no committed file: addresses of package indexes, and this machine's folders."""

import re
import subprocess
from pathlib import Path

INDEX = re.compile(r"(files\.pythonhosted\.org|(^|\W)--(extra-)?index-url|registry\.npmjs\.org)")


def committed(clone: Path) -> list[Path]:
    """The files that git knows, or all files of a clone that was copied without its history."""
    listed = subprocess.run(["git", "ls-files"], cwd=clone, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [p for p in map(clone.joinpath, listed.stdout.splitlines()) if p.is_file()]
    return [p for room in ("src", "tests", "requirements") for p in (clone / room).rglob("*.*")]


def test_no_address_of_a_package_index(clone: Path) -> None:
    locks = [p for p in committed(clone) if p.suffix in {".txt", ".toml", ".json", ".lock"}]
    assert [p for p in locks if INDEX.search(p.read_text(errors="replace"))] == []


def test_the_launcher_is_plain_shell(clone: Path) -> None:
    for script in ("kumoi", ".ci/run", "requirements/lock"):
        subprocess.run(["sh", "-n", clone / script], check=True)
