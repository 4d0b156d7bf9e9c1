"""A cloud's link, spoken in the process and over a unix socket, and what control does behind it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from tests.usecase.cloud import Cloud

from kumoi.adapters.link_http import HttpLink
from kumoi.adapters.link_local import LocalLink
from kumoi.adapters.stream_local import LocalStream
from kumoi.api.edge.app import Edge
from kumoi.api.edge.joining import Arrival
from kumoi.api.edge.server import Server, server
from kumoi.api.link.pacing import Pacer
from kumoi.api.link.routes import tongue
from kumoi.contracts.link import Link
from kumoi.contracts.store.sections import Stamp
from kumoi.core.ids import SectionKey
from kumoi.runtime.listeners import open_unix


class Rig:
    """`link` as a host has it; `say` is control stamping an entry, `peer` whoever a stream was dialled for."""

    def __init__(self, cloud: Cloud, link: Link, peer: Callable[[Any], "Peer"] | None = None) -> None:
        self.cloud = cloud
        self.link = link
        self.peer = peer or LocalPeer

    def say(self, section: str, entry: str, body: bytes | None) -> None:
        stamp = Stamp(SectionKey(section), entry, body, "" if body else "deleted")
        self.cloud.store.write(lambda tx: tx.sections.stamp([stamp]))
        self.cloud.hints.publish("section", section)


class Peer(Protocol):
    """The other side of a stream."""

    def send(self, data: bytes) -> None: ...
    def receive(self) -> bytes:
        """Empty at the end."""
        ...

    def end(self) -> str:
        """What the host said last."""
        ...

    def leave(self) -> None: ...


class LocalPeer:
    def __init__(self, stream: LocalStream) -> None:
        self._stream = stream
        stream.theirs.settimeout(90.0)

    def send(self, data: bytes) -> None:
        self._stream.theirs.sendall(data)

    def receive(self) -> bytes:
        return self._stream.theirs.recv(1 << 20)

    def end(self) -> str:
        return self._stream.end or ""

    def leave(self) -> None:
        self._stream.theirs.close()


class WebPeer:
    """By control's websocket, which lives on the server's loop."""

    def __init__(self, arrival: Arrival, loop: asyncio.AbstractEventLoop) -> None:
        self._arrival = arrival
        self._loop = loop

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30.0)

    def send(self, data: bytes) -> None:
        self._do(self._arrival.socket.send(data))

    def receive(self) -> bytes:
        return self._do(self._arrival.socket.receive()) or b""

    def end(self) -> str:
        return self._arrival.socket.reason

    def leave(self) -> None:
        self._loop.call_soon_threadsafe(self._arrival.left.set)


class Served:
    """The link's tongue on a socket, in a thread of its own."""

    def __init__(self, cloud: Cloud, path: Path) -> None:
        self._cloud = cloud
        self._socket: socket.socket = open_unix(path)
        self._ready = threading.Event()
        self._server: Server
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(30.0)

    async def _serve(self) -> None:
        house = self._cloud.house
        edge = Edge([tongue(house, lambda: edge.waiters)], now=house.clock.now, new_id=house.chance.uuid)
        self.loop = asyncio.get_running_loop()
        pacer = Pacer(self.loop, edge.waiters.wake)
        self._cloud.hints.subscribe("section", pacer.hint)
        self._server = server(edge)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._ready.set()
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30.0)


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path, f"sqlite:///{tmp_path}/cloud.sqlite")


@pytest.fixture
def serving(cloud: Cloud, tmp_path: Path) -> Iterator[Served]:
    served = Served(cloud, tmp_path / "link.sock")
    yield served
    served.stop()


@pytest.fixture
def served(serving: Served, tmp_path: Path) -> Iterator[HttpLink]:
    link = HttpLink(tmp_path / "link.sock")
    yield link
    link.close()


@pytest.fixture(params=["local", "http"])
def rig(request: pytest.FixtureRequest, cloud: Cloud) -> Rig:
    if request.param == "local":
        return Rig(cloud, LocalLink(cloud.house))
    serving: Served = request.getfixturevalue("serving")
    return Rig(cloud, request.getfixturevalue("served"), lambda arrival: WebPeer(arrival, serving.loop))
