"""One request as a handler sees it: plain values, decoded when asked for. No sockets, no dialect."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from kumoi.api.edge.invalid import from_decoder
from kumoi.api.edge.locale import locale_of
from kumoi.api.edge.sockets import Socket
from kumoi.core.call import Actor, Call, Locale
from kumoi.core.errors import Invalid, Unauthenticated

T = TypeVar("T")
RawHeaders = list[tuple[bytes, bytes]]


class Request:
    """Read-only to handlers, except `actor`, which the edge sets after `Tongue.authenticate`, and `chosen_locale`,
    which a tongue sets that knows better than a header what its caller reads.

    method, raw_path, raw_query   as sent, still percent-encoded: what signatures are made over
    params                        the route's `{names}`, decoded
    headers                       pairs of bytes, names in lower case, in order, repeated as sent
    body                          the whole body; empty on a streamed route
    id, global_id                 `req-<uuid>` of this request, and of the caller's own where it sent one
    now                           seconds since the epoch, read once
    """

    __slots__ = (
        "_base_url",
        "_form",
        "_query",
        "actor",
        "body",
        "chosen_locale",
        "chunks",
        "client",
        "global_id",
        "headers",
        "id",
        "method",
        "now",
        "params",
        "raw_path",
        "raw_query",
        "run_in",
        "scheme",
        "socket",
        "version",
    )

    def __init__(self, scope: dict[str, Any], params: dict[str, str], request_id: str, now: float) -> None:
        self.method: str = scope["method"]
        self.raw_path: bytes = scope["raw_path"]
        self.raw_query: bytes = scope["query_string"]
        self.headers: RawHeaders = scope["headers"]
        self.scheme: str = scope["scheme"]
        self.client: str = scope["client"][0] if scope.get("client") else ""
        self.params = params
        self.id = request_id
        self.global_id: str | None = None
        self.now = now
        self.body: bytes = b""
        self.actor: Actor | None = None
        self.version: tuple[int, int] | None = None
        self.chosen_locale: Locale | None = None
        self.chunks: Callable[[], AsyncIterator[bytes]] = _no_chunks
        self.run_in: Callable[..., Awaitable[Any]] = _no_pool
        self.socket = _NO_SOCKET
        self._base_url: str | None = None
        self._query: list[tuple[str, str]] | None = None
        self._form: list[tuple[str, str]] | None = None

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's pairs, decoded, in order, blank values kept. Raises Invalid on what is not UTF-8."""
        if self._query is None:
            self._query = decode_pairs(self.raw_query) if self.raw_query else []
        return self._query

    @property
    def form(self) -> list[tuple[str, str]]:
        """The body's pairs where it is a web form, else none. Raises Invalid."""
        if self._form is None:
            kind = self.header("content-type", "") or ""
            is_form = kind.lower().startswith("application/x-www-form-urlencoded")
            self._form = decode_pairs(self.body) if is_form and self.body else []
        return self._form

    def arg(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        for key, value in self.query:
            if key == name:
                return value
        return default

    def header(self, name: str, default: str | None = None) -> str | None:
        """The first value of a header; `name` in lower case."""
        wanted = name.encode("latin-1")
        for key, value in self.headers:
            if key == wanted:
                return value.decode("latin-1")
        return default

    def json(self, kind: type[T]) -> T:
        """The body as `kind`. Raises Invalid with the field's path and what is wrong with it."""
        try:
            decoded: T = _decoder(kind).decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
            raise from_decoder(e) from None
        else:
            return decoded

    @property
    def locale(self) -> Locale:
        """The language that the caller reads."""
        return self.chosen_locale or locale_of(self.header("accept-language"))

    def call(self, idempotency_key: str | None = None) -> Call:
        """What a door takes first. Raises Unauthenticated on an anonymous route: nobody was asked who they are."""
        if self.actor is None:
            raise Unauthenticated(reason="no_credentials")
        return Call(
            actor=self.actor,
            request_id=self.id,
            now=self.now,
            locale=self.locale,
            idempotency_key=idempotency_key,
        )

    def cookie(self, name: str) -> str | None:
        """The first value of a cookie, as sent."""
        for key, value in self.headers:
            if key == b"cookie":
                for pair in value.decode("latin-1").split(";"):
                    found, sign, text = pair.strip().partition("=")
                    if sign and found == name:
                        return text
        return None

    @property
    def base_url(self) -> str:
        """`http://cloud:5866` as the caller reached us: for links in documents when no public URL is set."""
        if self._base_url is None:  # a list has thousands of links
            self._base_url = f"{self.scheme}://{self.header('host', 'localhost')}"
        return self._base_url


def decode_pairs(encoded: bytes) -> list[tuple[str, str]]:
    """Form fields or a query string as pairs. At most 4,096 of them."""
    try:
        return parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=4096,
        )
    except ValueError:
        raise Invalid(field="query", reason="not_utf8_form") from None


_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}  # one for each body type that the source names


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    return decoder


async def _no_socket(*_: Any) -> Any:
    raise TypeError("this route is no websocket")


_NO_SOCKET = Socket(_no_socket, _no_socket)


def _no_chunks() -> AsyncIterator[bytes]:
    raise TypeError("this route's body is not streamed")


def _no_pool(*_: Any) -> Awaitable[Any]:
    raise TypeError("only a waiting handler runs work in a pool; a plain one is in a pool already")
