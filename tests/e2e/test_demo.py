"""What a newcomer does first, by the launcher itself: `kumoi demo`, twice; `why`, `env` and `ssh` after it."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.privileged
ASKED = ("image", "key pair", "security rules", "server", "floating IP")


class Newcomer:
    """Somebody with a clone and a folder for a cloud."""

    def __init__(self, clone: Path, state: Path) -> None:
        self.state = state
        self._kumoi = clone / "kumoi"

    def does(self, *words: str, code: int = 0) -> str:
        command = (self._kumoi, "--state", self.state, *words)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def shell(self, script: str, folder: Path, **environ: str) -> str:
        """What a script says that is run by a shell of its own."""
        done = subprocess.run(
            ("bash", "-c", script), cwd=folder, env=os.environ | environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    def outcomes(self, *words: str) -> dict[str, str]:
        """What became of each step of a demo."""
        lines = [line[2:] for line in self.does("demo", *words).splitlines() if line.startswith("✓ ")]
        return {name: rest.split()[0] for name, _, rest in (line.partition(": ") for line in lines)}

    def why(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.does("why", name, "--json")))


@pytest.fixture
def newcomer(clone: Path) -> Iterator[Newcomer]:
    # Not pytest's own folder: the cloud's user could not pass it.
    with tempfile.TemporaryDirectory(prefix="kumoi-demo-") as folder:
        Path(folder).chmod(0o755)
        one = Newcomer(clone, Path(folder) / "cloud")
        yield one
        one.does("down", "--purge")


@pytest.mark.timeout(900)
def test_a_simulated_demo_is_made_once_and_found_again(newcomer: Newcomer) -> None:
    first = newcomer.outcomes("--simulate")
    assert first["server"] == "made"
    assert {newcomer.outcomes()[name] for name in ASKED} == {"found"}
    found = newcomer.why("demo")
    assert (found["status"], found["condition"]["is"]) == ("active", "ready")
    assert newcomer.why(found["ec2_id"])["id"] == found["id"]
    assert f"{newcomer.state}/clouds.yaml" in newcomer.does("env")


@pytest.mark.guest
@pytest.mark.timeout(900)
def test_a_demo_ends_in_a_real_guest(newcomer: Newcomer) -> None:
    first = newcomer.outcomes()
    assert (first["server"], first["ssh"]) == ("made", "done")
    assert newcomer.does("ssh", "demo", "hostname").strip() == "demo"
    assert {newcomer.outcomes()[name] for name in ASKED} == {"found"}
