"""The host's end of the link: HTTP/1.1 over a unix socket, JSON by msgspec. Refusals become core errors again.

What does not belong here: trying again (the loop's), and sessions (the agent's).
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from kumoi.adapters.stream_http import Refused, WebSocketStream
from kumoi.contracts.link import Stream
from kumoi.core.copies import CopyOffer
from kumoi.core.errors import BY_CODE, Fact, Invalid, KumoiError, Layer, Unavailable
from kumoi.core.flocks import FetchedMany, FetchMany, ReportMany, ReportsTaken
from kumoi.core.meters import Samples, SamplesMany
from kumoi.core.plan import FetchAsk, Fetched, Hello, Report, Welcome

T = TypeVar("T")
_PATIENCE_S: Final = 30.0
_KEEPING_S: Final = 300.0  # a big disk is looked at and made durable before it is answered for
_PIECE: Final = 1 << 20
_encode = msgspec.json.Encoder().encode


class Refusal(msgspec.Struct, frozen=True):
    """The body of every answer that is not 2xx."""

    code: str
    layer: Layer
    facts: dict[str, Fact]


class HttpLink:
    """`contracts.link.Link` and `ManyLink`. Safe for threads: as many connections as there are callers, kept open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._closed = False

    def hello(self, hello: Hello) -> Welcome:
        return _decoded(self._post("hello", _encode(hello)), Welcome)

    def fetch(self, ask: FetchAsk) -> Fetched:
        return _decoded(self._post("fetch", _encode(ask), ask.wait_s + _PATIENCE_S), Fetched)

    def report(self, report: Report) -> None:
        self._post("report", _encode(report))

    def fetch_many(self, ask: FetchMany) -> FetchedMany:
        return _decoded(self._post("fetch_many", _encode(ask), ask.wait_s + _PATIENCE_S), FetchedMany)

    def report_many(self, reports: ReportMany) -> ReportsTaken:
        return _decoded(self._post("report_many", _encode(reports)), ReportsTaken)

    def sample(self, samples: Samples) -> None:
        self._post("samples", _encode(samples))

    def sample_many(self, samples: SamplesMany) -> None:
        self._post("samples_many", _encode(samples))

    def read(self, ask_id: str, answer: bytes) -> None:
        self._post(f"read/{ask_id}", answer, content_type="application/octet-stream")

    def stream(self, ask_id: str) -> Stream:
        try:
            return WebSocketStream(self._path, f"/link/v1/streams/{ask_id}")
        except Refused as e:
            raise _refusal(e.status, e.body) from e
        except OSError as e:
            raise _silence(e) from e

    def layer(self, sha256: str) -> Iterator[bytes]:
        connection = self._connection(_PATIENCE_S)
        try:
            answer = self._ask(connection, "GET", f"/link/v1/layers/{sha256}")
            if answer.status != 200:
                raise _refusal(answer.status, answer.read())
            while piece := answer.read(_PIECE):
                yield piece
        except (OSError, HTTPException) as e:
            raise _silence(e) from e
        finally:
            # Half-read answers cannot be skipped: the connection goes with them.
            self._give_back(connection, reusable=False)

    def give(self, offer: CopyOffer, pieces: Iterator[bytes]) -> None:
        """On a connection of its own: what was half said cannot be said again."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(offer.copied.size_bytes),
            "Kumoi-Offer": _encode(offer).decode("ascii"),
        }
        connection = self._connection(_KEEPING_S, fresh=True)
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before the end: the answer is there
                connection.request("PUT", f"/link/v1/copies/{offer.image_id}", pieces, headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, HTTPException) as e:
            raise _silence(e) from e
        finally:
            self._give_back(connection, reusable=False)
        if answer.status >= 300:
            raise _refusal(answer.status, data)

    def close(self) -> None:
        """Callers that wait get Unavailable at once, and so does everybody afterwards."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for connection in idle:
            connection.close()
        for connection in busy:
            connection.cut()

    # --- inside --------------------------------------------------------------------------------

    def _post(
        self, verb: str, body: bytes, patience_s: float = _PATIENCE_S, content_type: str = "application/json"
    ) -> bytes:
        connection = self._connection(patience_s)
        reusable = False
        try:
            answer = self._ask(connection, "POST", f"/link/v1/{verb}", body, content_type)
            data = answer.read()
            reusable = not answer.will_close
        except (OSError, HTTPException) as e:
            raise _silence(e) from e
        finally:
            self._give_back(connection, reusable=reusable)
        if answer.status >= 300:
            raise _refusal(answer.status, data)
        return data

    def _ask(
        self, connection: "_Connection", method: str, path: str, body: bytes | None = None, content_type: str = ""
    ) -> HTTPResponse:
        headers = {"Content-Type": content_type} if content_type else {}
        fresh = connection.sock is None
        try:
            connection.request(method, path, body, headers)
            return connection.getresponse()
        except (ConnectionError, HTTPException):
            # The server may have closed a connection that was idle; every verb of the link is harmless twice.
            if fresh or self._closed:
                raise
            connection.close()
            connection.request(method, path, body, headers)
            return connection.getresponse()

    def _connection(self, patience_s: float, *, fresh: bool = False) -> "_Connection":
        with self._lock:
            if self._closed:
                raise Unavailable("host", what="control")
            connection = self._idle.pop() if self._idle and not fresh else _Connection(self._path)
            self._busy.add(connection)
        connection.wait(patience_s)
        return connection

    def _give_back(self, connection: "_Connection", *, reusable: bool) -> None:
        with self._lock:
            self._busy.discard(connection)
            if reusable and not self._closed:
                self._idle.append(connection)
                return
        connection.close()


class _Connection(HTTPConnection):
    """A connection to a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("link")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))

    def wait(self, patience_s: float) -> None:
        """How long the next answer may take."""
        self.timeout = patience_s
        if self.sock is not None:
            self.sock.settimeout(patience_s)

    def cut(self) -> None:
        """From another thread: whoever reads from it wakes up."""
        held = self.sock
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


def _decoded(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as e:
        raise Invalid("host", field=kind.__name__, reason="unreadable", detail=str(e)) from e


def _refusal(status: int, data: bytes) -> KumoiError:
    """What control said, as the error it was there."""
    try:
        said = msgspec.json.decode(data, type=Refusal)
    except msgspec.MsgspecError:
        return Unavailable("host", what="control", status=status)
    kind = BY_CODE.get(said.code)
    return Unavailable("host", what="control", status=status) if kind is None else kind(said.layer, **said.facts)


def _silence(error: Exception) -> Unavailable:
    return Unavailable("host", what="control", reason=type(error).__name__)
