"""The edge on a loopback socket in a thread, as uvicorn serves it: for clients that are not ours."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kumoi.api.edge.app import Edge
from kumoi.api.edge.server import server
from kumoi.api.edge.tls import Certificate


@contextmanager
def serving(app: Edge, tls: Certificate | None = None, **limits: float) -> Iterator[str]:
    """Yields `127.0.0.1:port`; stopped on the way out."""
    listening = socket.create_server(("127.0.0.1", 0))
    running = server(app, tls, **limits)
    thread = threading.Thread(target=asyncio.run, args=[running.serve(sockets=[listening])])
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        listening.close()
