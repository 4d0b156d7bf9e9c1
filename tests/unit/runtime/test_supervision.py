"""Supervision, with small real programs: restart, back-off, inheritance, adoption, refusal."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kumoi.runtime import processes, supervision
from kumoi.runtime.supervision import Record

# A supervisor of its own process: it needs signals, children and an end.
SUPERVISOR = """
import os, socket, sys
from pathlib import Path
from kumoi.core.errors import Unavailable
from kumoi.runtime import listeners, processes
from kumoi.runtime.launch import Program
from kumoi.runtime.supervision import Supervisor

folder = Path(sys.argv[1])

def blocked():
    if not (folder / "allowed").exists():
        raise Unavailable("compute", what="guarded", reason="not_yet")

def program(name, code, **more):
    return Program(
        name=name, argv=(sys.executable, "-c", code), log=folder / f"{name}.log",
        environ={"PYTHONPATH": os.environ["PYTHONPATH"]}, patience_s=2.0, **more)

ECHO = '''
import os
from kumoi.runtime.supervision import inherited_listeners
listener = inherited_listeners()["api"]
while True:
    c, _ = listener.accept()
    c.sendall(str(os.getpid()).encode()); c.close()
'''
PARENT = '''
import signal, subprocess
helper = subprocess.Popen(["sleep", "30"])
daemon = subprocess.Popen(["sleep", "30"], start_new_session=True)
print(helper.pid, daemon.pid, flush=True)
signal.pause()
'''
listener = listeners.open_unix(folder / "api") if not (folder / "api").exists() else None
descriptors = {"api": listener.fileno()} if listener else {}
programs = [
    program("steady", "import signal; signal.pause()", outlives=True),
    program("dying", "import sys; sys.exit('no reason')"),
    program("parent", PARENT),
    program("guarded", "import signal; signal.pause()", before=blocked),
]
if listener:
    programs.append(program("echo", ECHO, descriptors=("api",)))
processes.become_subreaper()
Supervisor(tuple(programs), folder / "record", descriptors, {}, lambda *a, **k: None).run()
"""


class Trial:
    """A supervisor in a process, and what its record says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environ = {"PYTHONPATH": str(Path(supervision.__file__).parents[2])}
        self.process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(folder)], env=environ)

    def pid(self, name: str) -> int:
        """Of the living program, 0 where there is none."""
        record = self.record()
        found = record.programs[name].process if record else None
        return found.pid if found and processes.alive(found) else 0

    def record(self) -> Record | None:
        return supervision.read(self.folder / "record")

    def restarts(self, name: str) -> int:
        record = self.record()
        return record.programs[name].restarts if record else 0

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def until(true: Callable[[], object], within_s: float = 90.0) -> None:
    deadline = time.monotonic() + within_s
    never = threading.Event()
    while not true():
        assert time.monotonic() < deadline, "it did not come to be"
        never.wait(0.01)


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    one = Trial(tmp_path)
    until(lambda: one.pid("echo"))
    yield one
    if one.process.poll() is None:
        one.end()
    record = one.record()
    for entry in record.programs.values() if record else ():
        if entry.process:
            processes.end([entry.process], 1.0)


def ask(folder: Path) -> int:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(90)
        client.connect(str(folder / "api"))
        return int(client.recv(100))


def test_what_is_killed_runs_again_and_no_caller_is_refused(trial: Trial) -> None:
    before = ask(trial.folder)
    assert before == trial.pid("echo")
    os.kill(before, signal.SIGKILL)
    until(lambda: trial.pid("echo") != before)  # it may still accept while it dies
    assert ask(trial.folder) not in {before, 0}
    until(lambda: trial.restarts("echo") == 1)
    record = trial.record()
    assert record is not None
    assert record.programs["echo"].ended == "signal 9"


def test_what_keeps_dying_is_counted_and_its_words_are_kept(trial: Trial) -> None:
    until(lambda: trial.restarts("dying") >= 3)
    record = trial.record()
    assert record is not None
    assert record.programs["dying"].ended == "exit 1"
    assert "no reason" in (trial.folder / "dying.log").read_text()
    assert trial.restarts("steady") == 0


def test_a_refused_start_says_why_and_is_tried_again(trial: Trial) -> None:
    def refusal() -> str:
        record = trial.record()
        return record.programs["guarded"].refusal if record else ""

    until(lambda: refusal() == "unavailable")
    record = trial.record()
    assert record is not None
    assert record.programs["guarded"].facts == {"what": "guarded", "reason": "not_yet"}
    (trial.folder / "allowed").touch()
    until(lambda: trial.pid("guarded"))
    assert refusal() == ""


def test_the_end_leaves_only_what_outlives(trial: Trial) -> None:
    echo, steady = trial.pid("echo"), trial.pid("steady")
    trial.end()
    assert trial.process.returncode == 0
    assert processes.identify(echo) is None
    assert processes.identify(steady) is not None


def test_a_killed_supervisor_s_programs_are_adopted(trial: Trial) -> None:
    steady = trial.pid("steady")
    trial.process.kill()
    trial.process.wait(10)
    second = Trial(trial.folder)
    try:
        until(lambda: (r := second.record()) and r.supervisor.pid == second.process.pid)
        assert second.pid("steady") == steady
        os.kill(steady, signal.SIGKILL)
        until(lambda: second.pid("steady") not in {0, steady})
        # This one does not have it in its table any more.
        record = second.record()
        assert record is not None
        assert "echo" not in record.programs
    finally:
        second.end()


def test_orphans_of_programs_are_reaped(trial: Trial) -> None:
    children = Path(f"/proc/{trial.process.pid}/task/{trial.process.pid}/children")
    until(lambda: trial.restarts("dying") >= 2)
    until(lambda: all(processes.identify(int(pid)) is not None for pid in children.read_text().split()))


def test_helpers_end_with_their_program_and_daemons_do_not(trial: Trial) -> None:
    log = trial.folder / "parent.log"
    until(lambda: log.exists() and log.read_text().endswith("\n"))
    helper, daemon = (processes.identify(int(pid)) for pid in log.read_text().split())
    assert helper
    assert daemon
    try:
        os.kill(trial.pid("parent"), signal.SIGKILL)
        until(lambda: not processes.alive(helper))
        assert processes.alive(daemon)
    finally:
        processes.end([daemon], 1.0)


def test_back_off_is_quick_first_and_bounded() -> None:
    pauses = [supervision.pause_s(deaths) for deaths in range(1, 20)]
    assert pauses[0] == 0.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == 10.0


def test_a_long_log_is_moved_away_under_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "serve.log"
    writer = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(writer, b"long ago\n")
    supervision.bound_log(path, 4)
    os.write(writer, b"now\n")
    os.close(writer)
    assert path.read_text() == "now\n"
    assert (tmp_path / "serve.log.1").read_text() == "long ago\n"
    supervision.bound_log(tmp_path / "none.log", 4)
