"""As much of HTTP/1.1 as a metadata service needs: one request a connection, read strictly. Pure."""

import re
from typing import Final

import msgspec

HEAD_LIMIT: Final = 8192
BODY_LIMIT: Final = 4096
_LINE: Final = re.compile(rb"([A-Z]{1,16}) (/[\x21-\x7e]*) HTTP/1\.[01]")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\x20-\x7e\t\x80-\xff]*?)[ \t]*")
_REASONS: Final = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 413: "Content Too Large", 431: "Request Header Fields Too Large", 501: "Not Implemented",
}  # fmt: skip


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Header names in lower case. `path`: its non-empty parts, without the query."""

    method: str
    path: list[str]
    headers: dict[str, str]
    body_bytes: int


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """`hops`: how far its packets may go; 0: as far as others'."""

    status: int
    body: bytes = b""
    kind: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()
    hops: int = 0

    def encode(self, *, head_only: bool = False) -> bytes:
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS[self.status]}",
            f"Content-Type: {self.kind}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers),
            "Connection: close",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head_only else self.body)


def parse(head: bytes) -> Request | Response:
    """The request whose head this is (its blank line left out), or the refusal it deserves."""
    first, *rest = head.split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None or len(rest) > 100:
        return Response(status=400)
    headers: dict[str, str] = {}
    for text in rest:
        found = _HEADER.fullmatch(text)
        if found is None:
            return Response(status=400)
        name = found[1].decode().lower()
        if name in headers and name in {"content-length", "transfer-encoding", "host"}:
            return Response(status=400)
        headers[name] = found[2].decode("latin-1")
    if "transfer-encoding" in headers:
        return Response(status=501)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        return Response(status=400)
    if len(length) > 9 or int(length) > BODY_LIMIT:
        return Response(status=413)
    path = line[2].decode().partition("?")[0]
    parts = [part for part in path.split("/") if part]
    return Request(method=line[1].decode(), path=parts, headers=headers, body_bytes=int(length))
