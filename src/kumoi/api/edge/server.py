"""How uvicorn is set for us: the fast loop and parser, no log of its own, nothing about itself in answers."""

import socket
from collections.abc import Sequence
from typing import Any, Final

import uvicorn

KEEP_ALIVE_S: Final = 75
BACKLOG: Final = 2048
SHUTDOWN_S: Final = 10


def server(app: Any, *, tls_key: str | None = None, tls_certificate: str | None = None) -> uvicorn.Server:
    """One server; `serve(sockets=…)` it on listening sockets that the caller opened. Several may share a loop."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_S,
            backlog=BACKLOG,
            ssl_keyfile=tls_key,
            ssl_certfile=tls_certificate,
        )
    )


async def serve(app: Any, sockets: Sequence[socket.socket], **tls: str | None) -> None:
    """Serve until the process is told to end (SIGTERM, SIGINT)."""
    await server(app, **tls).serve(sockets=list(sockets))
