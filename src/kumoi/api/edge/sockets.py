"""A websocket as a handler sees it: bytes in, bytes out, and why it ended. Who is joined with whom is the handlers'."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from kumoi.api.edge.errors import ClientGone
from kumoi.api.edge.response import Response
from kumoi.api.edge.sending import Send, send_response

Receive = Callable[[], Awaitable[Any]]

MESSAGE_MOST: Final = 1 << 20
# RFC 6455 §7.4.2 leaves 4000 to 4999 to applications: 4404 is to a websocket what 404 is to a request.
REFUSED: Final = 4000
REASON_BYTES: Final = 123
NORMAL: Final = 1000


class SocketRules(msgspec.Struct, frozen=True, kw_only=True):
    """`origins`: addresses that our pages may come from besides the one that is asked (a proxy's in front). `most`
    may be open at a time.
    """

    origins: tuple[str, ...] = ()
    most: int = 1000


class Socket:
    """One websocket. `code` and `reason` say how it ended, whoever ended it; `came` and `went` count bytes."""

    def __init__(self, receive: Receive, send: Send, offered: Sequence[str] = ()) -> None:
        self._receive = receive
        self._send = send
        self._offered = offered
        self.accepted = False
        self.code = 0
        self.reason = ""
        self.came = 0
        self.went = 0

    async def accept(self, *protocols: str) -> None:
        """Let it begin, in the first of these subprotocols that the caller offers. Raises ClientGone."""
        chosen = next((p for p in protocols if p in self._offered), None)
        self.accepted = True
        await self._say({"type": "websocket.accept", "subprotocol": chosen})

    async def receive(self) -> bytes | None:
        """The next message, text as UTF-8; None once it has ended. What is not received waits with the sender."""
        if self.code:
            return None
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self.code = message.get("code") or NORMAL
            self.reason = message.get("reason") or ""
            return None
        data: bytes = message.get("bytes") or (message.get("text") or "").encode()
        self.came += len(data)
        return data

    async def send(self, data: bytes) -> None:
        """Comes back when there is room for more. Raises ClientGone."""
        await self._say({"type": "websocket.send", "bytes": data})
        self.went += len(data)

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Harmless twice, and where the other side has gone. A long reason is cut."""
        if self.code:
            return
        self.code, self.reason = code, shortened(reason)
        try:
            await self._say({"type": "websocket.close", "code": code, "reason": self.reason})
        except ClientGone:
            return

    async def _say(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except OSError:  # ASGI's word for: there is nobody any more
            raise ClientGone from None


async def deny(response: Response, send: Send) -> None:
    """Answer a handshake like any request: there is to be no websocket."""

    async def renamed(message: dict[str, Any]) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    await send_response(response, "GET", None, renamed)


def shortened(reason: str) -> str:
    """So much of a sentence as a close frame takes."""
    encoded = reason.encode()
    if len(encoded) <= REASON_BYTES:
        return reason
    return encoded[: REASON_BYTES - 3].decode(errors="ignore") + "…"
