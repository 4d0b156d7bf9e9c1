"""Routes and tongues as data: what the router, OpenAPI, the unauthorised-access tests and the tables read.

No behaviour here beyond checking that a declaration makes sense.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.core.call import Actor
from kumoi.core.errors import KumoiError

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "COPY", "WEBSOCKET"]
Pool = Literal["read", "write", "link", "hash"]
Version = tuple[int, int]
Handler = Callable[[Request], Response]
WaitingHandler = Callable[[Request], Awaitable[Response]]

BODY_LIMIT = 1 << 20
Headers = Sequence[tuple[str, str]]


class Route(msgspec.Struct, frozen=True, kw_only=False):
    """One operation: `Route("GET", "/servers/{id}", show, action="instances.read", service="compute")`.

    path           segments below the tongue's prefix; `{name}` takes one segment, `{name*}` (last) all that are left
    handler        runs in a pool's thread; with `wait=True` a coroutine function on the event loop
    action         the policy name that the door checks, None for the few routes that anyone may call
    body_key       the sole key of a JSON body that selects among routes on one path (`POST …/action`)
    body_type      what `request.json(T)` will be asked for; documentation reads it
    min_version    first and last microversion that have this route; None is "since ever" and "still"
    pool           read for GET and HEAD, else write, unless named, or told by `pool_of` once the body is there
    streamed       the body is not read beforehand: `request.chunks()` (needs `wait=True`)
    anonymous      `Tongue.authenticate` is not called

    The method WEBSOCKET is not HTTP's: it is a GET that asks to become one. Its handler is a coroutine function that
    returns when all is said; it talks by `request.socket`.
    """

    method: Method
    path: str
    handler: Callable[[Request], Any]
    action: str | None = None
    service: str = ""
    body_key: str | None = None
    body_type: Any = None
    success: int = 200
    min_version: Version | None = None
    max_version: Version | None = None
    pool: Pool | None = None
    pool_of: Callable[[Request], Pool] | None = None
    body_limit: int = BODY_LIMIT
    wait: bool = False
    streamed: bool = False
    anonymous: bool = False

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise ValueError(f"a route's path starts with a slash: {self.path}")
        if self.streamed and not self.wait:
            raise ValueError(f"a streamed body needs wait=True: {self.method} {self.path}")
        if self.method == "WEBSOCKET" and not self.wait:
            raise ValueError(f"a websocket needs wait=True: {self.path}")
        if self.action is None and not self.anonymous:
            raise ValueError(f"name an action or say anonymous: {self.method} {self.path}")

    @property
    def runs_in(self) -> Pool:
        if self.pool is not None:
            return self.pool
        return "read" if self.method in {"GET", "HEAD", "WEBSOCKET"} else "write"

    def has_version(self, version: Version | None) -> bool:
        """Whether this route exists at `version`; without one (a service that has none) it does."""
        if version is None:
            return True
        if self.min_version is not None and version < self.min_version:
            return False
        return self.max_version is None or version <= self.max_version


def no_version(_request: Request) -> Version | None:
    return None


def no_headers(_request: Request) -> Headers:
    return ()


class Tongue(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect mounted under a prefix.

    authenticate   request → Actor, in the handler's own thread; raises Unauthenticated
    render_error   (request, refusal) → Response; every error passes here, unknown ones as `edge.errors.Internal`
    version        request → microversion; raises Invalid. Called before a route is chosen
    headers        added to every answer, errors too (microversion, Vary)
    id_headers     the names under which the request id is given back
    """

    name: str
    prefix: str
    routes: Sequence[Route]
    authenticate: Callable[[Request], Actor]
    render_error: Callable[[Request, KumoiError], Response]
    version: Callable[[Request], Version | None] = no_version
    headers: Callable[[Request], Headers] = no_headers
    id_headers: Sequence[str] = ("x-openstack-request-id",)
