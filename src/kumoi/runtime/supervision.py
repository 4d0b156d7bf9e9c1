"""Keeps a table of programs running: start, watch, start again with back-off, hand over.

Every start is recorded before the program's first instruction, so a supervisor that is killed at
any moment leaves no unknown child: the next one reads the record and watches on what still lives.
Watching is by pidfd, so a program need not be a child. The understudy is one of the programs: it
waits for the supervisor's lock with the same descriptors open and becomes the supervisor.

What does not belong here: which programs there are (cmd/supervisor.py), namespaces (adapters).
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from kumoi.core.errors import Fact, KumoiError
from kumoi.runtime import listeners, processes, state_folder
from kumoi.runtime.launch import Program, launch
from kumoi.runtime.processes import Process

PAUSES_S: Final = (0.0, 0.1, 0.3, 1.0, 2.0, 5.0, 10.0)
STEADY_S: Final = 20.0  # who lived so long is not one that keeps dying
_LOG_LIMIT_BYTES: Final = 8 << 20
_ROUND_S: Final = 30.0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One program's row in the record. `deaths`: in a row, each within STEADY_S of its start."""

    layer: str = "host"
    process: Process | None = None
    restarts: int = 0
    deaths: int = 0
    ended: str = ""  # how the last one ended: `exit 1`, `signal 9`, `unknown` for no child of ours, `took over`
    refusal: str = ""  # code of what forbids a start
    facts: dict[str, Fact] = {}


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What STATE/ground/processes.json holds. Writer: the supervisor."""

    boot_id: str  # of the machine: after it, pids and their start times say nothing
    supervisor: Process
    programs: dict[str, Entry] = {}
    addresses: dict[str, str] = {}  # listener to `host:port` or path


def read(path: Path) -> Record | None:
    """The last record; from before a reboot only its addresses are left."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Record)
    except (FileNotFoundError, msgspec.DecodeError):  # the latter: of another version
        return None
    if record.boot_id == processes.boot_id():
        return record
    nobody = Process(pid=0, started=0)
    return msgspec.structs.replace(record, supervisor=nobody, programs={})


def end_heirs(path: Path, names: tuple[str, ...], patience_s: float) -> None:
    """End what a dead supervisor left of these, so that it counts as stopped, not as lost. Before a Supervisor runs."""
    former = read(path)
    living = {
        name: entry
        for name, entry in (former.programs.items() if former else ())
        if name in names and entry.process and processes.alive(entry.process)
    }
    processes.end([entry.process for entry in living.values() if entry.process], patience_s)
    if former and living:
        stopped = {name: msgspec.structs.replace(e, process=None, ended="stopped") for name, e in living.items()}
        record = msgspec.structs.replace(former, programs={**former.programs, **stopped})
        state_folder.replace(path, msgspec.json.encode(record))


def pause_s(deaths: int) -> float:
    """How long to wait before the next start after so many quick deaths in a row."""
    return PAUSES_S[min(max(deaths - 1, 0), len(PAUSES_S) - 1)]


class Supervisor:
    """Runs until SIGTERM; then ends the programs, last one first, but those that `outlives`."""

    def __init__(
        self,
        programs: tuple[Program, ...],
        record: Path,
        descriptors: Mapping[str, int],
        addresses: Mapping[str, str],
        say: Callable[..., None],
    ) -> None:
        self._programs = {program.name: program for program in programs}
        self._path = record
        self._descriptors = descriptors
        self._addresses = dict(addresses)
        self._say = say
        self._entries: dict[str, Entry] = {}
        self._watched: dict[int, str] = {}  # pidfd to name
        self._due: dict[str, float] = {}  # name to monotonic time of the next start
        self._statuses: dict[int, int] = {}  # pid to wait status, of our children
        self._poll = select.poll()
        self._ending = False

    def run(self) -> None:
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll.register(reader, select.POLLIN)
        self._adopt()
        while not self._ending:
            self._start_due()
            ready = self._poll.poll(self._wait_ms())
            if any(fd == reader for fd, _ in ready):
                os.read(reader, 4096)
            self._reap()
            for fd, _ in ready:
                if fd in self._watched:
                    self._mourn(fd)
            self._bound_logs()
        self._stop_all()

    def _end(self, *_: object) -> None:
        self._ending = True

    def _adopt(self) -> None:
        """Watch on what a former supervisor started and what still lives."""
        former = read(self._path)
        known = former.programs if former else {}
        now = time.monotonic()
        for name, program in self._programs.items():
            entry = msgspec.structs.replace(known.get(name, Entry()), layer=program.layer)
            # The understudy that took over is this very process.
            own = entry.process is not None and entry.process.pid == os.getpid()
            fd = processes.watch(entry.process) if entry.process and not own else None
            if fd is None:
                lost = entry.process is not None and not own
                entry = msgspec.structs.replace(
                    entry,
                    process=None,
                    deaths=0,
                    restarts=entry.restarts + lost,
                    ended="took over" if own else _ended(None) if lost else entry.ended,
                )
                self._due[name] = now
            else:
                self._watch(fd, name)
                self._say("adopted", name=name, pid=entry.process and entry.process.pid)
            self._entries[name] = entry
        for name, entry in known.items():
            if name not in self._programs and entry.process:
                processes.end([entry.process], 2.0)
        with contextlib.suppress(OSError):
            self._write()

    def _watch(self, fd: int, name: str) -> None:
        self._watched[fd] = name
        self._poll.register(fd, select.POLLIN)

    def _start_due(self) -> None:
        now = time.monotonic()
        for name in [n for n, due in self._due.items() if due <= now]:
            del self._due[name]
            self._start(self._programs[name])

    def _start(self, program: Program) -> None:
        def named(process: Process) -> None:
            self._change(program.name, process=process, refusal="", facts={})
            self._write()

        descriptors = {name: self._descriptors[name] for name in program.descriptors}
        try:
            if program.before is not None:
                program.before()
            process = launch(program, descriptors, named)
        except KumoiError as e:
            self._refused(program, e.code, e.facts)
            return
        except Exception as e:  # noqa: BLE001 - this loop must go on for all the others
            self._refused(program, "failed", {"what": program.name, "detail": repr(e)})
            return
        deaths = self._entries[program.name].deaths
        self._say("started", name=program.name, pid=process.pid, deaths=deaths)
        fd = processes.watch(process)
        if fd is None:
            self._dead(program.name)
        else:
            self._watch(fd, program.name)

    def _refused(self, program: Program, code: str, facts: dict[str, Fact]) -> None:
        deaths = self._entries[program.name].deaths + 1
        if self._entries[program.name].facts != facts:
            self._say("refused", name=program.name, code=code, facts=facts)
        self._put(program.name, process=None, refusal=code, facts=facts, deaths=deaths)
        # Nothing died: there is no reason for a first try at once.
        self._due[program.name] = time.monotonic() + max(1.0, pause_s(deaths))

    def _mourn(self, fd: int) -> None:
        name = self._watched.pop(fd)
        self._poll.unregister(fd)
        os.close(fd)
        self._dead(name)

    def _dead(self, name: str) -> None:
        entry = self._entries[name]
        process = entry.process
        assert process is not None
        # Its helpers (a conversion, a shell) must not meet those of the next one.
        processes.end_group(process)
        quick = processes.age_s(process) < STEADY_S
        deaths = entry.deaths + 1 if quick else 1
        status = self._statuses.pop(process.pid, None)
        self._put(name, process=None, restarts=entry.restarts + 1, deaths=deaths, ended=_ended(status))
        pause = min(pause_s(deaths), self._programs[name].pause_max_s)
        self._due[name] = time.monotonic() + pause
        self._say("died", name=name, pid=process.pid, ended=_ended(status), deaths=deaths)

    def _reap(self) -> None:
        """All dead children, orphans of our programs included."""
        ours = {e.process.pid for e in self._entries.values() if e.process}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in ours:
                self._statuses[pid] = status

    def _wait_ms(self) -> float:
        now = time.monotonic()
        wait_s = min((due - now for due in self._due.values()), default=_ROUND_S)
        return max(0.0, min(wait_s, _ROUND_S)) * 1000 + 1

    def _bound_logs(self) -> None:
        for path in {program.log for program in self._programs.values()}:
            bound_log(path, _LOG_LIMIT_BYTES)

    def _change(self, name: str, **changes: object) -> None:
        self._entries[name] = msgspec.structs.replace(self._entries[name], **changes)

    def _put(self, name: str, **changes: object) -> None:
        """What is written is only for readers: a full disk ends nobody."""
        self._change(name, **changes)
        with contextlib.suppress(OSError):
            self._write()

    def _write(self) -> None:
        supervisor = processes.identify(os.getpid())
        assert supervisor is not None
        record = Record(
            boot_id=processes.boot_id(), supervisor=supervisor, programs=self._entries, addresses=self._addresses
        )
        state_folder.replace(self._path, msgspec.json.encode(record))

    def _stop_all(self) -> None:
        for name, program in reversed(self._programs.items()):
            process = self._entries[name].process
            if process is None or program.outlives:
                continue
            processes.end([process], program.patience_s)
            processes.end_group(process)
            self._reap()
            self._put(name, process=None, ended=_ended(self._statuses.pop(process.pid, None)))
            self._say("stopped", name=name, pid=process.pid)


def bound_log(path: Path, limit_bytes: int) -> None:
    """Move a long log's text to `.1` and go on in the same file.

    Its writers have it open (appending) and may outlive us, so it cannot be renamed; what is
    written between the copy and the cut is lost.
    """
    try:
        if path.stat().st_size <= limit_bytes:
            return
    except FileNotFoundError:
        return
    path.with_name(path.name + ".1").write_bytes(path.read_bytes())
    os.truncate(path, 0)


def _ended(status: int | None) -> str:
    if status is None:
        return "unknown"
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return f"exit {os.WEXITSTATUS(status)}"


inherited_listeners = listeners.inherited_listeners
