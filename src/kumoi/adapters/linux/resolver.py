"""Names that are not the cloud's, asked for guests where the machine asks its own: outside, by its resolvers.

The cloud's namespace has no way to them, and needs none: guestd sends a guest's question through a unix socket and gets
the answer back. What does not belong here: the cloud's own names (`guestd.dns`), guestd's end (`guestd.forwarding`).
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from kumoi.adapters.linux.guestd.forwarding import ANSWER, QUESTION, Forwarder

OF_HOST: Final = "host"
_FILE: Final = Path("/etc/resolv.conf")
_MOST: Final = 3  # as many as resolv.conf's own readers heed


def servers(chosen: str, file: Path = _FILE) -> tuple[str, ...]:
    """The addresses that are chosen (with commas between), or, for `host`, those of the machine's resolv.conf as it is
    now. What is no address is left out."""
    if chosen != OF_HOST:
        found = [word.strip() for word in chosen.split(",")]
    else:
        try:
            lines = file.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ()
        found = [words[1] for line in lines if len(words := line.split()) > 1 and words[0] == "nameserver"]
    return tuple(text for text in found if _is_address(text))[:_MOST]


class Resolver:
    """Serves `listener` in a thread of its own. `asked` tells the servers, at every question."""

    def __init__(self, listener: socket.socket, asked: Callable[[], tuple[str, ...]]) -> None:
        self._listener = listener
        self._forwarder = Forwarder(asked)

    def start(self) -> None:
        threading.Thread(target=lambda: asyncio.run(self.run()), name="resolver", daemon=True).start()

    async def run(self) -> None:
        """In the calling thread: the servers are asked from its network namespace."""
        server = await asyncio.start_unix_server(self._serve, sock=self._listener)
        await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_questions: set[asyncio.Task[None]] = set()
        try:
            while True:
                number, stream, length = QUESTION.unpack(await reader.readexactly(QUESTION.size))
                packet = await reader.readexactly(length)
                task = asyncio.get_running_loop().create_task(self._answer(writer, number, packet, stream=bool(stream)))
                open_questions.add(task)
                task.add_done_callback(open_questions.discard)
        except (EOFError, OSError):
            pass  # guestd went; another one comes
        finally:
            for task in open_questions:
                task.cancel()
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, number: int, packet: bytes, *, stream: bool) -> None:
        found = await self._forwarder.ask(packet, stream=stream) or b""
        writer.write(ANSWER.pack(number, len(found)) + found)


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
