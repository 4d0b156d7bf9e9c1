"""A Response onto the wire, and the race between work and a caller who hangs up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from kumoi.api.edge.errors import ClientGone
from kumoi.api.edge.response import Response

T = TypeVar("T")
Send = Callable[[dict[str, Any]], Awaitable[None]]
HangUp = Callable[[], Awaitable[None]]

_BODILESS = frozenset({204, 304})


async def send_response(response: Response, method: str, hang_up: HangUp | None, send: Send) -> None:
    """Send it; for HEAD, and where a status has none, the head only. Raises ClientGone out of a stream."""
    body, stream = response.body, response.stream
    length = response.length if stream is not None else len(body or b"")
    bodiless = method == "HEAD" or response.status in _BODILESS
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": _headers(response, None if response.status in _BODILESS else length),
        }
    )
    if stream is None or bodiless:
        if stream is not None:
            await _close(stream)
        await send({"type": "http.response.body", "body": b"" if bodiless else body or b""})
    elif hang_up is None:
        await _send_stream(stream, send)
    else:
        await unless_gone(_send_stream(stream, send), hang_up)


async def unless_gone(work: Awaitable[T], hang_up: HangUp) -> T:
    """`work`'s result. When the caller hangs up first, work is cancelled and ClientGone raised."""
    working = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(hang_up())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        raise ClientGone
    finally:
        waiting.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait({working})


async def _send_stream(stream: AsyncIterator[bytes], send: Send) -> None:
    try:
        async for chunk in stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        await _close(stream)


async def _close(stream: Any) -> None:
    aclose = getattr(stream, "aclose", None)
    if aclose is not None:
        await aclose()


def _headers(response: Response, length: int | None) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("latin-1"), _value(value)) for name, value in response.headers]
    if response.content_type is not None:
        headers.append((b"content-type", response.content_type.encode("latin-1")))
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return headers


def _value(text: str) -> bytes:
    """Bytes that came in as latin-1 go out as they came; other text as UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
