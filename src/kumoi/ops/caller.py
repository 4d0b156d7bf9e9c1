"""A client that keeps its connection open, as a program that asks often does. One thread at a time."""

import http.client
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.ops.client import Client

_TIMEOUT_S: Final = 120.0


class Caller:
    """The administrator in project `demo`."""

    def __init__(self, clouds_yaml: Path) -> None:
        client = Client(clouds_yaml, "kumoi")
        self.token = client.token()
        self.reach = client.reach
        self._connection = self.reach.connection(_TIMEOUT_S)

    def get(self, path: str, **headers: str) -> Any:
        return self.must("GET", path, None, **headers)

    def post(self, path: str, body: Any) -> Any:
        return self.must("POST", path, body)

    def must(self, method: str, path: str, body: Any, **headers: str) -> Any:
        """The decoded answer. Raises Unavailable where it is a refusal."""
        status, data = self.ask(method, path, body, **headers)
        if status >= HTTPStatus.BAD_REQUEST:
            raise Unavailable("api", what=f"{method} {path}", reason=f"HTTP {status}", detail=data[:500].decode())
        return msgspec.json.decode(data) if data else None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Status and body, whatever they are. `headers` with underscores for hyphens. Raises Unavailable."""
        sent = {"X-Auth-Token": self.token, "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, None if body is None else msgspec.json.encode(body), sent)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """As it is, for who says by other means who asks. Raises Unavailable."""
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise Unavailable("api", what="api", reason="no_answer", detail=f"{type(e).__name__}: {e}") from e

    def close(self) -> None:
        self._connection.close()
