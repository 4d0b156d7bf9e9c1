"""One request under way: check its head, read its body, admit its caller, run its handler, render its errors."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
import structlog

from kumoi.api.edge.bodies import Chunks, Head, Receive, read_body, read_head
from kumoi.api.edge.errors import (
    ClientGone,
    HeadersTooLarge,
    Internal,
    MethodNotAllowed,
    NoRoute,
    status_of,
)
from kumoi.api.edge.plain import render_plain
from kumoi.api.edge.rates import Rates
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.router import Found, Missing, choose
from kumoi.api.edge.routes import Route
from kumoi.api.edge.sending import unless_gone
from kumoi.api.edge.sockets import REFUSED, Socket
from kumoi.api.edge.text import say
from kumoi.core.errors import Invalid, KumoiError

log = structlog.get_logger("kumoi.edge")

HEADERS_LIMIT: Final = 64 << 10
# An unread body up to this is swallowed by the server for the sake of the connection; a longer one closes it.
SWALLOWED_MOST: Final = 64 << 10
PLAIN_ID_HEADERS: Final = ("x-openstack-request-id",)
_SENT_ID: Final = re.compile(r"req-[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_NO_HEAD: Final = Head(size=0, length=None, chunked=False, sent_id=None)
RunIn = Callable[..., Awaitable[Any]]


class Exchange:
    """Made per request. `route` is known once the caller was admitted."""

    __slots__ = ("_body_waits", "_chunks", "_found", "_head", "_rates", "_receive", "_request", "_run_in", "route")

    def __init__(
        self, run_in: RunIn, request: Request, found: Found | Missing, receive: Receive, rates: Rates | None = None
    ) -> None:
        self._run_in = run_in
        self._request = request
        self._found = found
        self._receive = receive
        self._rates = rates
        self._head = _NO_HEAD
        self._chunks: Chunks | None = None
        self._body_waits = False
        self.route: Route | None = None

    async def answer(self) -> Response:
        """The response with all its headers, errors rendered. Raises ClientGone only."""
        return self._signed(await self._answer())

    async def talk(self, socket: Socket, welcome: Callable[[Request], None]) -> Response | None:
        """A websocket's life; a response where there was to be none. What fails later ends it, with code and sentence.

        `welcome` raises where there may be none now, or none for this page. Raises ClientGone.
        """
        request = self._request
        try:
            self._head = read_head(request.headers)
            found = self._checked()
            welcome(request)
            request.run_in, request.socket = self._run_in, socket
            refused = await (await self._run_in("read", lambda: self._admit(found))).handler(request)
            if isinstance(refused, Response) and not socket.accepted:
                return self._signed(refused)
        except ClientGone:
            raise
        except Exception as e:  # noqa: BLE001 - every refusal is rendered; what is our fault is logged
            error = self._known(e)
            if not socket.accepted:
                return self._signed(self._refuse(error))
            await socket.close(REFUSED + status_of(error), say(error, request.locale))
        else:
            await socket.close()
        return None

    def hang_up(self) -> Callable[[], Awaitable[None]] | None:
        """Something to await that returns when the caller hangs up; None while its body is still coming."""
        return None if self._body_unread() else self._gone

    async def _answer(self) -> Response:
        try:
            self._head = read_head(self._request.headers)
            self._body_waits = self._head.has_body
            found = self._checked()
            first = found.routes[0]
            if not first.streamed:
                await self._read_body(first.body_limit)
            if first.wait:
                return await self._answer_waiting(found, first)
            pool = first.pool_of(self._request) if first.pool_of is not None else first.runs_in
            response: Response = await self._run_in(pool, lambda: self._serve(found))
        except KumoiError as e:
            return self._refuse(e)
        else:
            return response

    async def _read_body(self, limit: int) -> None:
        if self._body_waits:
            self._request.body = await read_body(self._receive, self._head, limit)
            self._body_waits = False

    def _checked(self) -> Found:
        """The found routes, once the head is in order. Raises HeadersTooLarge, NoRoute, MethodNotAllowed."""
        request, head, found = self._request, self._head, self._found
        if head.size > HEADERS_LIMIT:
            raise HeadersTooLarge(size=head.size, limit=HEADERS_LIMIT)
        if head.sent_id is not None and _SENT_ID.fullmatch(head.sent_id):
            request.global_id = head.sent_id
            structlog.contextvars.bind_contextvars(global_request_id=head.sent_id)
        if isinstance(found, Found):
            return found
        path = request.raw_path.decode("latin-1")
        if not found.allow:
            raise NoRoute(method=request.method, path=path)
        raise MethodNotAllowed(method=request.method, path=path, allow=list(found.allow))

    def _serve(self, found: Found) -> Response:
        """In a pool's thread: admit, handle, and render what went wrong."""
        try:
            response: Response = self._admit(found).handler(self._request)
        except Exception as e:  # noqa: BLE001 - every refusal is rendered; what is our fault is logged
            return self._refuse(e)
        else:
            return response

    async def _answer_waiting(self, found: Found, first: Route) -> Response:
        """A coroutine handler: admitted in a thread, run on the loop, cancelled when the caller hangs up."""
        request = self._request
        if first.streamed:
            self._chunks = Chunks(self._receive, self._head, first.body_limit)
            request.chunks = self._chunks
        request.run_in = self._run_in
        try:
            handling = (await self._run_in("read", lambda: self._admit(found))).handler(request)
            gone = self.hang_up()
            response: Response = await (unless_gone(handling, gone) if gone else handling)
        except ClientGone:
            raise
        except Exception as e:  # noqa: BLE001 - every refusal is rendered; what is our fault is logged
            return self._refuse(e)
        else:
            return response

    def _admit(self, found: Found) -> Route:
        """The version, the one route, the caller. Raises what the tongue raises, NoRoute, Invalid, TooManyTries."""
        request, tongue, routes = self._request, found.tongue, found.routes
        request.version = tongue.version(request)
        route = routes[0]
        if len(routes) > 1 or route.body_key or route.min_version or route.max_version:
            route = self._chosen(routes)
        self.route = route
        try:
            if not route.anonymous:
                request.actor = tongue.authenticate(request)
        finally:  # whoever is not let in has asked too
            if self._rates is not None:
                self._rates.take(request)
        return route

    def _chosen(self, routes: Sequence[Route]) -> Route:
        request = self._request
        key = None
        if any(r.body_key for r in routes):
            fields = request.json(dict[str, msgspec.Raw])
            key = next(iter(fields)) if len(fields) == 1 else None
        route = choose(routes, request.version, key)
        if route is not None:
            return route
        if key is None or key in {r.body_key for r in routes}:
            raise NoRoute(method=request.method, path=request.raw_path.decode("latin-1"))
        raise Invalid(field=key, reason="no_such_action")

    def _known(self, error: Exception) -> KumoiError:
        """The refusal itself; what is none is our fault, and logged."""
        if isinstance(error, KumoiError):
            return error
        log.error("handler failed", exc_info=error)
        return Internal(request_id=self._request.id)

    def _refuse(self, wrong: Exception) -> Response:
        error = self._known(wrong)
        tongue = self._found.tongue
        render = tongue.render_error if tongue is not None else render_plain
        response = render(self._request, error)
        if wait_s := error.facts.get("retry_after_s"):
            response.headers = [*response.headers, ("retry-after", str(wait_s))]
        return response

    def _signed(self, response: Response) -> Response:
        """With the headers that every answer of this tongue carries, and those that HTTP asks for."""
        tongue, found = self._found.tongue, self._found
        headers = list(response.headers)
        if tongue is not None:
            headers.extend(tongue.headers(self._request))
        names = tongue.id_headers if tongue is not None else PLAIN_ID_HEADERS
        headers.extend((name, self._request.id) for name in names)
        if response.status == 405 and isinstance(found, Missing):
            headers.append(("allow", ", ".join(found.allow)))
        if self._body_unread():
            headers.append(("connection", "close"))
        response.headers = headers
        return response

    def _body_unread(self) -> bool:
        """Whether so much of the body is still to come that the connection is of no further use."""
        if self._chunks is not None:
            return not self._chunks.ended
        length = self._head.length
        return self._body_waits and (length is None or length > SWALLOWED_MOST)

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
