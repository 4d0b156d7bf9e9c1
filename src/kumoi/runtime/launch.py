"""Starts one program: named and recorded first, then it runs.

The child waits at a gate until its parent has written it down; a parent that dies before that
closes the gate, and the child ends without having done anything. What does not belong here:
deciding when (supervision).
"""

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from kumoi.runtime import listeners, processes
from kumoi.runtime.processes import Process

_CANNOT_RUN: Final = 127
_HIGH_FD: Final = 512  # descriptors are moved above this before they get their final numbers


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """`before` runs in the supervisor and may refuse with a KumoiError; `inside` runs in the
    child, after the gate and before exec: it enters namespaces and gives rights away.

    `descriptors` are names out of the supervisor's own; `outlives`: it is not ended with it;
    `pause_max_s` bounds the back-off of one that others cannot wait for.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    environ: Mapping[str, str]
    layer: str = "host"
    descriptors: tuple[str, ...] = ()
    before: Callable[[], None] | None = None
    inside: Callable[[], None] | None = None
    outlives: bool = False
    patience_s: float = 5.0
    pause_max_s: float = 10.0


def launch(program: Program, descriptors: Mapping[str, int], named: Callable[[Process], None]) -> Process:
    """Start it in a session of its own, its output appended to its log."""
    log = os.open(program.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    reader, writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(writer)
        _child(program, descriptors, reader, log)
    os.close(reader)
    os.close(log)
    process = processes.identify(pid)
    if process is None:  # killed at the gate
        process = Process(pid=pid, started=0)
    try:
        named(process)
        os.write(writer, b"!")
    except BrokenPipeError:
        pass  # it was killed at the gate; whoever watches it will see
    finally:
        os.close(writer)
    return process


def _child(program: Program, descriptors: Mapping[str, int], gate: int, log: int) -> NoReturn:
    try:
        if os.read(gate, 1) != b"!":
            os._exit(0)
        _forget_signals()
        os.setsid()
        os.chdir("/")
        _output(log)
        if program.inside is not None:
            program.inside()
        _place(list(descriptors.values()))
        environ = dict(program.environ)
        if descriptors:
            environ |= listeners.environment(descriptors, os.getpid())
        os.execve(program.argv[0], program.argv, environ)  # noqa: S606 - that is the point
    except BaseException as e:  # noqa: BLE001 - a forked child has nobody to raise to
        os.write(2, f"cannot run {program.argv[0]}: {type(e).__name__}: {e}\n".encode())
    os._exit(_CANNOT_RUN)


def _forget_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def _output(log: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _place(descriptors: list[int]) -> None:
    """Descriptors to 3, 4, …; all others are closed, the supervisor's lock above all."""
    for offset, fd in enumerate(descriptors):
        os.dup2(fd, _HIGH_FD + offset, inheritable=False)
    for offset in range(len(descriptors)):
        os.dup2(_HIGH_FD + offset, listeners.FIRST_FD + offset)
    os.closerange(listeners.FIRST_FD + len(descriptors), 1 << 16)
