"""Processes: a pid counts only together with its start time."""

import os
import select
import signal
import subprocess

import msgspec
import pytest

from kumoi.runtime import processes


@pytest.fixture
def sleeper() -> "subprocess.Popen[bytes]":
    with subprocess.Popen(["sleep", "100"]) as child:
        yield child
        child.kill()


def test_a_reused_pid_is_somebody_else(sleeper: "subprocess.Popen[bytes]") -> None:
    known = processes.identify(sleeper.pid)
    assert known is not None
    assert processes.alive(known)
    stale = msgspec.structs.replace(known, started=known.started - 1)
    assert not processes.alive(stale)
    assert processes.watch(stale) is None
    processes.send(stale, signal.SIGKILL)
    assert sleeper.poll() is None


def test_a_zombie_is_dead(sleeper: "subprocess.Popen[bytes]") -> None:
    known = processes.identify(sleeper.pid)
    assert known is not None
    fd = processes.watch(known)
    assert fd is not None
    sleeper.kill()
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    assert poll.poll(10_000)
    os.close(fd)
    assert processes.identify(sleeper.pid) is None
    assert not processes.alive(known)


def test_end_kills_who_does_not_listen() -> None:
    deaf = subprocess.Popen(
        ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"],
        stdout=subprocess.PIPE,
    )
    assert deaf.stdout is not None
    deaf.stdout.readline()
    known = processes.identify(deaf.pid)
    assert known is not None
    processes.end([known], 0.3)
    assert deaf.wait(10) == -signal.SIGKILL
    deaf.stdout.close()


def test_nobody_has_no_identity() -> None:
    assert processes.identify(2**22 + 1) is None
