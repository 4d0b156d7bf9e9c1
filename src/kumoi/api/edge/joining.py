"""Two websockets as one: bytes both ways until either ends. What is under way is bounded by their sockets."""

import asyncio
from concurrent.futures import Future
from typing import Any

from kumoi.api.edge.errors import ClientGone
from kumoi.api.edge.sockets import Socket


class Arrival:
    """A websocket that came for somebody; its handler stays until it was `left`."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.left = asyncio.Event()


async def join(
    socket: Socket, coming: "Future[Any]", within_s: float, cut: "asyncio.Future[str]", *, greeted: bool
) -> str:
    """Talk with the Arrival that is coming; comes back when one of both has ended, and tells the other's last reason,
    or when it is cut, and tells why.

    `greeted`: an empty message tells our side that the other is there. TimeoutError where nobody came. What our side
    says meanwhile waits: one message here, the rest with its sender.
    """
    arriving = asyncio.ensure_future(asyncio.wait_for(asyncio.wrap_future(coming), within_s))
    up = asyncio.ensure_future(_up(socket, arriving))
    down = asyncio.ensure_future(_down(arriving, socket, greeted=greeted))
    try:
        ends: set[asyncio.Future[Any]] = {up, down, cut}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if cut.done():
            return cut.result()
        return down.result() if down.done() else ""
    finally:
        for task in (up, down, arriving):
            task.cancel()
        await asyncio.wait({up, down, arriving})
        coming.add_done_callback(_leave)  # also one that comes at this very moment


def _leave(coming: "Future[Any]") -> None:
    if not coming.cancelled():
        coming.result().left.set()


async def _up(socket: Socket, arriving: "asyncio.Task[Arrival]") -> None:
    """Returns when our side has ended."""
    while (data := await socket.receive()) is not None:
        arrival = await asyncio.shield(arriving)
        try:
            await arrival.socket.send(data)
        except ClientGone:
            await asyncio.Event().wait()  # the other direction hears its last words


async def _down(arriving: "asyncio.Task[Arrival]", socket: Socket, *, greeted: bool) -> str:
    """Returns the other side's reason when it has ended."""
    other = (await asyncio.shield(arriving)).socket
    try:
        if greeted:
            await socket.send(b"")
        while (data := await other.receive()) is not None:
            await socket.send(data)
    except ClientGone:
        return ""
    return other.reason
