"""The whole way of a console: a viewer's websocket, the token, the ask, the host's dial, the guest; and back."""

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.usecase.cloud import Cloud
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from kumoi.adapters.link_http import HttpLink
from kumoi.api.edge.app import Edge
from kumoi.api.edge.console_links import novnc_link
from kumoi.api.edge.server import Server, server
from kumoi.api.link.routes import tongue as link_tongue
from kumoi.api.web.assets import Assets
from kumoi.api.web.front import Site
from kumoi.api.web.tongue import tongue
from kumoi.app.instances import run
from kumoi.app.instances.consoles import open_console
from kumoi.app.instances.wish import RunWish
from kumoi.core.consoles import ConsoleKind
from kumoi.core.ids import FlavorId
from kumoi.runtime.listeners import open_unix

PATIENCE_S = 60.0


class Served:
    """Both of serve's edges on one loop, in a thread, and the host's agent in another."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder, f"sqlite:///{folder}/cloud.sqlite")
        self.cloud.link = self._link = HttpLink(folder / "link.sock")
        self._public = socket.create_server(("127.0.0.1", 0))
        self._unix = open_unix(folder / "link.sock")
        self._ready, self._stop = threading.Event(), threading.Event()
        self._servers: list[Server] = []
        self._serving = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._serving.start()
        assert self._ready.wait(PATIENCE_S)
        self.cloud.restart_agent()
        self.cloud.settle()
        wish = RunWish(name="web", flavor_id=FlavorId("1"), image_id=self.cloud.image())
        self.server = run.run(self.cloud.house, self.cloud.call(), wish)[0].id
        self.cloud.settle()
        self._working = threading.Thread(target=self._work)
        self._working.start()

    async def _serve(self) -> None:
        house = self.cloud.house
        spoken = tongue(house, Site(public_url="", region="RegionOne"), Assets(), lambda: public.waiters)
        public: Edge = Edge([spoken], now=house.clock.now, new_id=house.chance.uuid)
        inner: Edge = Edge([link_tongue(house, lambda: inner.waiters)], now=house.clock.now, new_id=house.chance.uuid)
        self._servers += [server(public), server(inner)]
        jobs = [one.serve(sockets=[s]) for one, s in zip(self._servers, (self._public, self._unix), strict=True)]
        self._ready.set()
        await asyncio.gather(*jobs)

    def _work(self) -> None:
        while not self._stop.wait(0.01):
            self.cloud.agent.talk.hint("fetch")
            self.cloud.agent.talk.run_due()

    def stop_agent(self) -> None:
        self._stop.set()
        self._working.join()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._public.getsockname()
        return host, port

    def token(self, kind: ConsoleKind = "serial") -> str:
        return open_console(self.cloud.house, self.cloud.call(), self.server, kind)

    def talk(self, kind: ConsoleKind = "serial", token: str | None = None, **more: Any) -> ClientConnection:
        host, port = self.address
        wanted = token if token is not None else self.token(kind)
        return connect(f"ws://{host}:{port}/console/{kind}?token={wanted}", proxy=None, open_timeout=PATIENCE_S, **more)

    def close(self) -> None:
        self.stop_agent()
        self.cloud.world.end(self.server, "plan")
        for one in self._servers:
            one.should_exit = True
        self._serving.join()
        self._link.close()
        self.cloud.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.close()


def until(viewer: ClientConnection, word: bytes) -> None:
    got = b""
    while word not in got:
        more = viewer.recv(PATIENCE_S)
        assert isinstance(more, bytes)
        got += more


def ended(viewer: ClientConnection) -> tuple[int, str]:
    """How it ended, once it has."""
    with suppress(ConnectionClosed):
        while True:
            viewer.recv(PATIENCE_S)
    assert viewer.close_code is not None
    return viewer.close_code, viewer.close_reason or ""


def test_keys_reach_the_guest_and_its_words_the_viewer(served: Served) -> None:
    with served.talk(subprotocols=["binary"]) as viewer:
        assert viewer.subprotocol == "binary"
        viewer.send(b"root\r")  # before anybody has dialled
        until(viewer, b"# ")
        viewer.send("echo 雲\r")
        until(viewer, "\r\n雲\r\n".encode())


def test_a_screen_is_seen(served: Served) -> None:
    with served.talk("vnc") as viewer:
        until(viewer, b"RFB 003.008\n")


def test_many_consoles_of_many_viewers(served: Served) -> None:
    with ExitStack() as all_of_them:
        viewers = [all_of_them.enter_context(served.talk("vnc")) for _ in range(20)]
        for viewer in viewers:
            until(viewer, b"RFB")


@pytest.mark.parametrize(("locale", "words"), [("en", "used already"), ("ja", "使用済み")])
def test_a_used_token_is_refused_in_words(served: Served, locale: str, words: str) -> None:
    token = served.token()
    with served.talk(token=token) as first:
        first.send(b"x")
        until(first, b"x")
        with served.talk(token=token, additional_headers={"accept-language": locale}) as second:
            code, reason = ended(second)
    assert code == 4401
    assert words in reason


def test_a_token_that_nobody_gave_opens_no_websocket(served: Served) -> None:
    with pytest.raises(InvalidStatus) as refused, served.talk(token="bad" + served.token()):
        pass
    assert (refused.value.response.status_code, refused.value.response.body) == (401, b"")


def test_a_link_of_novncs_kind_leads_to_our_page(served: Served) -> None:
    token = served.token("vnc")
    connection = http.client.HTTPConnection(*served.address, timeout=PATIENCE_S)
    connection.request("GET", novnc_link("", token))
    moved = connection.getresponse()
    moved.read()
    assert (moved.status, moved.getheader("location")) == (303, f"/console/vnc?token={token}")
    connection.request("GET", f"/console/vnc?token={token}")
    page = connection.getresponse()
    assert (page.status, b"noVNC" in page.read()) == (200, True)
    connection.close()
    with served.talk("vnc", token) as viewer:
        until(viewer, b"RFB 003.008\n")


def test_a_guest_that_goes_is_told(served: Served) -> None:
    with served.talk() as viewer:
        viewer.send(b"root\r")
        until(viewer, b"# ")
        served.stop_agent()
        served.cloud.world.end(served.server, "guest")
        assert ended(viewer) == (4410, "The instance was shut down or restarted.")


def test_whoever_opens_the_serial_line_later_has_it(served: Served) -> None:
    with served.talk() as first:
        first.send(b"root\r")
        until(first, b"# ")
        with served.talk() as second:
            assert ended(first)[0] == 4423
            second.send(b"root\r")
            until(second, b"# ")


def test_a_host_that_does_not_dial(served: Served) -> None:
    served.stop_agent()
    with served.talk() as viewer:
        assert ended(viewer) == (4504, "The host did not answer in time.")


def test_an_agent_that_ends(served: Served) -> None:
    with served.talk() as viewer:
        viewer.send(b"root\r")
        until(viewer, b"# ")
        served.cloud.agent.stop()
        assert ended(viewer) == (4503, "The host's agent was restarted.")


def test_a_viewer_who_leaves_frees_the_line(served: Served) -> None:
    for _ in range(3):
        with served.talk() as viewer:
            viewer.send(b"root\r")
            until(viewer, b"# ")


def test_other_sites_may_not_open_one(served: Served) -> None:
    token = served.token()
    with pytest.raises(InvalidStatus, match="403"), served.talk(token=token, origin="https://evil.example"):
        pass
    with served.talk(token=token) as viewer:  # and the token is not spent
        viewer.send(b"x")
        until(viewer, b"x")
