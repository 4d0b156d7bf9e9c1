"""Request bodies off the wire: whole under a limit, or as chunks. Every read has a deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import msgspec

from kumoi.api.edge.errors import ClientGone
from kumoi.api.edge.request import RawHeaders
from kumoi.core.errors import Invalid, TooLarge, Unavailable

Receive = Callable[[], Awaitable[Any]]

BODY_DEADLINE_S: Final = 60.0
CHUNK_DEADLINE_S: Final = 60.0


class Head(msgspec.Struct, frozen=True):
    """What the edge itself reads of the headers, found in one pass. `length` is None where not declared."""

    size: int
    length: int | None
    chunked: bool
    sent_id: str | None

    @property
    def has_body(self) -> bool:
        return self.chunked or bool(self.length)


def read_head(headers: RawHeaders) -> Head:
    """Sizes and the four headers that matter before routing. Raises Invalid on a nonsense length."""
    size = 0
    length: int | None = None
    chunked = False
    sent_id: str | None = None
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"content-length":
            if not value.isdigit():
                raise Invalid(field="content-length", reason="format")
            length = int(value)
        elif name == b"transfer-encoding":
            chunked = True
        elif name in {b"x-openstack-request-id", b"x-openstack-global-request-id"}:
            sent_id = value.decode("latin-1")
    return Head(size, length, chunked, sent_id)


async def read_body(receive: Receive, head: Head, limit: int) -> bytes:
    """The whole body. Raises TooLarge (before asking for it, where its length is declared), ClientGone."""
    if head.length is not None and head.length > limit:
        raise TooLarge(what="body", size=head.length, limit=limit)
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            return await _gather(receive, limit)
    except TimeoutError:
        raise Unavailable(what="body", retry_after_s=0) from None


async def _gather(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge(what="body", size=size, limit=limit)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


class Chunks:
    """A streamed body. `ended` once the last byte was read; only then may `receive` tell of a hang-up."""

    def __init__(self, receive: Receive, head: Head, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self._limit = limit
        self.ended = not head.has_body

    async def __call__(self) -> AsyncIterator[bytes]:
        """The chunks as they come, about 64 KiB each. Raises TooLarge past the limit, ClientGone."""
        while not self.ended:
            try:
                async with asyncio.timeout(CHUNK_DEADLINE_S):
                    message = await self._receive()
            except TimeoutError:
                raise ClientGone from None
            if message["type"] == "http.disconnect":
                raise ClientGone
            self.ended = not message.get("more_body", False)
            part: bytes = message.get("body", b"")
            self._left -= len(part)
            if self._left < 0:
                raise TooLarge(what="body", size=self._limit - self._left, limit=self._limit)
            if part:
                yield part
