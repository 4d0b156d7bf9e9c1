"""TCP connections of guests: accepted within limits, each with a deadline: nobody can hold more than his share."""

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from kumoi.adapters.linux.guestd.datagrams import plain

_EVERYBODY: Final = 2000
_OF_A_GUEST: Final = 16
_TURN: Final = 32
_DEADLINE_S: Final = 15.0
Serve = Callable[[socket.socket, str], Awaitable[None]]


class Connections:
    """All connections of the process. `failed` is told what went wrong with one that should not have."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: Counter[tuple[int, str]] = Counter()

    def accept(self, listener: socket.socket, network: int, serve: Serve) -> None:
        """Take what waits. `network` tells guests with the same address apart."""
        for _ in range(_TURN):
            try:
                connection, (address, *_) = listener.accept()
            except OSError:
                return  # nobody waits, or he left, or there are no descriptors: the next turn is another chance
            guest = (network, plain(address))
            if len(self._tasks) >= _EVERYBODY or self._held[guest] >= _OF_A_GUEST:
                connection.close()
                continue
            connection.setblocking(False)
            self._held[guest] += 1
            task = asyncio.get_running_loop().create_task(self._one(connection, guest, serve))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _one(self, connection: socket.socket, guest: tuple[int, str], serve: Serve) -> None:
        try:
            async with asyncio.timeout(_DEADLINE_S):
                await serve(connection, guest[1])
        except (TimeoutError, OSError, EOFError):
            pass  # slow, gone, or silent: his affair
        except Exception as e:  # noqa: BLE001 - what one guest sends must not end the others' service
            self._failed(e)
        finally:
            connection.close()
            self._held[guest] -= 1
            if not self._held[guest]:
                del self._held[guest]


async def receive_until(connection: socket.socket, end: bytes, limit: int) -> tuple[bytes, bytes] | None:
    """What comes before `end`, and what came after it; None where it is longer than `limit`. Raises EOFError."""
    loop = asyncio.get_running_loop()
    data = b""
    while end not in data:
        if len(data) > limit:
            return None
        part = await loop.sock_recv(connection, 4096)
        if not part:
            raise EOFError
        data += part
    head, _, rest = data.partition(end)
    return head, rest


async def receive_exactly(connection: socket.socket, size: int) -> bytes:
    """Raises EOFError."""
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < size:
        part = await loop.sock_recv(connection, size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def limit_hops(connection: socket.socket, hops: int) -> None:
    """Of what is sent from now on."""
    connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
    if connection.family == socket.AF_INET6:
        connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)


async def linger(connection: socket.socket) -> None:
    """Close so that the last word arrives: what the guest still sends is read away, else the kernel would reset."""
    loop = asyncio.get_running_loop()
    connection.shutdown(socket.SHUT_WR)
    while await loop.sock_recv(connection, 4096):
        pass
