"""A cloud's link, spoken in the process and over a unix socket, and what control does behind it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.adapters.link_http import HttpLink
from kumoi.adapters.link_local import LocalLink
from kumoi.api.edge.app import Edge
from kumoi.api.edge.server import Server, server
from kumoi.api.link.pacing import Pacer
from kumoi.api.link.routes import tongue
from kumoi.contracts.link import Link
from kumoi.contracts.store.sections import Stamp
from kumoi.core.ids import SectionKey
from kumoi.runtime.listeners import open_unix


class Rig:
    """`link` as a host has it; `say` is control stamping an entry."""

    def __init__(self, cloud: Cloud, link: Link) -> None:
        self.cloud = cloud
        self.link = link

    def say(self, section: str, entry: str, body: bytes | None) -> None:
        stamp = Stamp(SectionKey(section), entry, body, "" if body else "deleted")
        self.cloud.store.write(lambda tx: tx.sections.stamp([stamp]))
        self.cloud.hints.publish("section", section)


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
        pacer = Pacer(asyncio.get_running_loop(), edge.waiters.wake)
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
def served(cloud: Cloud, tmp_path: Path) -> Iterator[HttpLink]:
    served = Served(cloud, tmp_path / "link.sock")
    link = HttpLink(tmp_path / "link.sock")
    yield link
    link.close()
    served.stop()


@pytest.fixture(params=["local", "http"])
def rig(request: pytest.FixtureRequest, cloud: Cloud) -> Rig:
    link: Link = LocalLink(cloud.house) if request.param == "local" else request.getfixturevalue("served")
    return Rig(cloud, link)
