"""Listeners: handed over by name, at the port asked for or the next one."""

import os
import socket
import stat
from pathlib import Path

import pytest

from kumoi.core.errors import Taken
from kumoi.runtime import listeners


def test_the_next_free_port_unless_it_was_chosen() -> None:
    with listeners.open_tcp("127.0.0.1", 20_000, movable=True) as first:
        port = first.getsockname()[1]
        with listeners.open_tcp("127.0.0.1", port, movable=True) as second:
            assert second.getsockname()[1] > port
        with pytest.raises(Taken) as e:
            listeners.open_tcp("127.0.0.1", port, movable=False)
        assert e.value.facts == {"kind": "port", "name": f"127.0.0.1:{port}"}


def test_a_unix_socket_replaces_a_dead_one_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listeners.open_unix(path).close()
    with listeners.open_unix(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_descriptors_of_another_process_are_not_ours() -> None:
    environ = listeners.environment(["api", "s3"], os.getpid() + 1)
    assert listeners.inherited(environ) == {}
    assert environ["LISTEN_FDNAMES"] == "api:s3"
