"""Calls an ASGI application as a server would, without sockets: one exchange, whole answer."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from kumoi.api.edge.app import Edge


class Answer(msgspec.Struct):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k == name), None)

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def scope_of(
    method: str, target: str, headers: Sequence[tuple[str, str]] = (), body: bytes | None = None
) -> dict[str, Any]:
    path, _, query = target.partition("?")
    raw = [(k.lower().encode(), v.encode("latin-1")) for k, v in headers]
    if body is not None and not any(k in {b"content-length", b"transfer-encoding"} for k, _ in raw):
        raw.append((b"content-length", str(len(body)).encode()))
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": raw,
        "scheme": "http",
        "client": ("192.0.2.1", 40000),
    }


class Caller:
    """The far end of one exchange: feeds the body, keeps what is sent, hangs up when told."""

    def __init__(self, parts: Sequence[bytes] = (b"",)) -> None:
        self.hung_up = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self._parts = list(parts)

    async def receive(self) -> dict[str, Any]:
        if self._parts:
            part = self._parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self._parts)}
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def answer(self) -> Answer:
        head = self.sent[0]
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in head["headers"]]
        return Answer(head["status"], headers, b"".join(m.get("body", b"") for m in self.sent[1:]))


async def call(
    app: Edge,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes | None = None,
) -> Answer:
    caller = Caller([body or b""])
    await app(scope_of(method, target, headers, body), caller.receive, caller.send)
    return caller.answer()
