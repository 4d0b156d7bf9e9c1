"""How uvicorn is set for us: the fast loop and parser, bounded heads, waits ended first when it stops."""

import asyncio
import logging
import socket
from collections.abc import Coroutine
from typing import Any, Final

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kumoi.api.edge.app import Edge
from kumoi.api.edge.sockets import MESSAGE_MOST
from kumoi.api.edge.tls import Certificate

KEEP_ALIVE_S: Final = 75
SHUTDOWN_S: Final = 10
BACKLOG: Final = 2048
# Past the edge's own limit, which answers 431, the connection is dropped: uvicorn would keep head bytes without end.
HEAD_MOST_BYTES: Final = 128 << 10
HEAD_DEADLINE_S: Final = 30
# Who reads less than a buffer in this time holds an answer for nothing.
READ_DEADLINE_S: Final = 60
# Of every answer; the dashboard's pages have more of their own.
HEADERS: Final = (("x-content-type-options", "nosniff"),)
# At info it tells the addresses of websockets with their queries, and in these are tokens.
logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


class Protocol(HttpToolsProtocol):
    """uvicorn's, with a bound on the size and the time of a request's head, and on the time of a reader who stops."""

    head_s: float = HEAD_DEADLINE_S
    read_s: float = READ_DEADLINE_S
    _head_bytes = 0
    _in_head = True
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head:
            if self._head_bytes > HEAD_MOST_BYTES:
                self.transport.close()
            self._start_deadline()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_head = False
        self._head_bytes = 0
        self._end_deadline()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self.read_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_unread()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_deadline()
        self._end_unread()
        super().connection_lost(exc)

    def _end_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _start_deadline(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self.head_s, self.transport.close)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """uvicorn's, which tells the edge to end its waits before it waits for them."""

    def __init__(self, config: uvicorn.Config, edge: Edge) -> None:
        super().__init__(config)
        self._edge = edge

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._edge.end_waits()
        await super().shutdown(sockets)


def server(
    edge: Edge, tls: Certificate | None = None, *, head_s: float = HEAD_DEADLINE_S, read_s: float = READ_DEADLINE_S
) -> Server:
    """One server; `serve(sockets=…)` it on listening sockets that the caller opened. Several may share a loop."""
    config = uvicorn.Config(
        edge,
        loop="uvloop",
        http=type("PatientProtocol", (Protocol,), {"head_s": head_s, "read_s": read_s}),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=MESSAGE_MOST,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        backlog=BACKLOG,
        headers=list(HEADERS),
    )
    config.load()
    config.ssl = tls.context if tls is not None else None  # its certificate changes without a restart
    return Server(config, edge)


def run(main: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run` on uvloop, which costs a request a third of what the standard loop does."""
    uvloop.run(main)
