"""A throw-away cloud in a folder of its own, started and put away by the command line as an operator would."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from kumoi.core.errors import Unavailable
from kumoi.ops.caller import Caller
from kumoi.ops.meter import Meter
from kumoi.runtime.state_folder import StateFolder

T = TypeVar("T")
READY: Final = "kumoi: ready"
_PATIENCE_S: Final = 180.0
_LOOK_EVERY_S: Final = 0.05


class Trial:
    """`ready_s`: from the call of `up` to its word that the cloud is ready."""

    def __init__(self, state: StateFolder, ready_s: float) -> None:
        self.state = state
        self.ready_s = ready_s
        self.meter = Meter(state)
        self.began = time.monotonic() - ready_s

    def caller(self) -> Caller:
        """A client of its own connection, the administrator in project demo."""
        return Caller(self.state.clouds_yaml)

    def command(self, *words: str, timeout_s: float = _PATIENCE_S) -> subprocess.CompletedProcess[str]:
        """Run `kumoi --state … words`. Raises Unavailable where it does not end in time."""
        argv = (*_program(), "--state", str(self.state.root), *words)
        try:
            return subprocess.run(
                argv, capture_output=True, text=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired as e:
            raise Unavailable("host", what=f"kumoi {words[0]}", reason="not_in_time", timeout_s=timeout_s) from e


@contextmanager
def trial(say: Callable[[str], None], *flags: str) -> Iterator[Trial]:
    """A fresh cloud, up; gone with everything that was in it afterwards. Raises Unavailable where it does not start."""
    # Not under a private folder: the cloud's own user must pass.
    folder = tempfile.mkdtemp(prefix="kumoi-trial-")
    Path(folder).chmod(0o755)
    state = StateFolder(Path(folder) / "cloud")
    argv = (*_program(), "--state", str(state.root), "up", *flags)
    say(f"up {' '.join(flags)}")
    began = time.monotonic()
    try:
        yield Trial(state, _started(argv, began))
    finally:
        subprocess.run((*_program(), "--state", str(state.root), "down", "--purge"), check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def until(look: Callable[[], T | None], what: str, timeout_s: float = _PATIENCE_S, every_s: float = _LOOK_EVERY_S) -> T:
    """What `look` finds in the end. Raises Unavailable when it finds nothing in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise Unavailable("api", what=what, reason="not_in_time", timeout_s=timeout_s)
        time.sleep(every_s)


def hosts_up(caller: Caller, count: int) -> list[str]:
    """The hosts' names, once so many are up."""

    def look() -> list[str] | None:
        found = _all_hosts(caller)
        return found if len(found) >= count else None

    return until(look, "hosts", every_s=0.25)


def _all_hosts(caller: Caller) -> list[str]:
    rows: list[dict[str, Any]] = caller.get("/compute/v2.1/os-hypervisors")["hypervisors"]
    return [row["hypervisor_hostname"] for row in rows if row["state"] == "up"]


def _program() -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "kumoi")


def _started(argv: tuple[str, ...], began: float) -> float:
    said: list[str] = []
    ready_s = None
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip())
            if line.startswith(READY):
                ready_s = time.monotonic() - began
    if process.returncode or ready_s is None:
        raise Unavailable("host", what="cloud", reason="does_not_start", log=said[-12:])
    return ready_s
