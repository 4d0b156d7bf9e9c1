"""What a handler gives back. Rendering to bytes happens in the handler's thread, not on the event loop."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

JSON = "application/json"
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Response(msgspec.Struct, kw_only=False):
    """`body` is the whole answer, `stream` an answer in chunks; neither is no body at all.

    `length` is a stream's total in bytes where known (else it is sent chunked). A stream is closed (`aclose`)
    when it ends, when the caller hangs up, and unread for HEAD.
    """

    status: int = 200
    body: bytes | None = None
    content_type: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    stream: AsyncIterator[bytes] | None = None
    length: int | None = None


def json_response(value: Any, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """`value` (Structs, dicts, lists, msgspec.Raw) as a JSON document."""
    return Response(status, _encode(value), JSON, headers)


def no_content(status: int = 204, headers: Sequence[tuple[str, str]] = ()) -> Response:
    return Response(status, None, None, headers)
