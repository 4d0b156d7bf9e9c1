"""The ASGI application: from bytes to a handler and back, the same for every tongue.

Here: request ids, limits, pools, errors, hang-ups, the access log. Not here: any dialect, any noun, any rule.
"""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from kumoi.api.edge.access import HUNG_UP, Access
from kumoi.api.edge.bodies import Receive
from kumoi.api.edge.errors import ClientGone
from kumoi.api.edge.exchange import Exchange
from kumoi.api.edge.origins import check_origin
from kumoi.api.edge.plain import builtin_tongues
from kumoi.api.edge.pools import Pools
from kumoi.api.edge.rates import Rates
from kumoi.api.edge.request import Request
from kumoi.api.edge.router import Found, Missing, Router
from kumoi.api.edge.routes import Tongue
from kumoi.api.edge.sending import Send, send_response
from kumoi.api.edge.sockets import Socket, SocketRules, deny
from kumoi.api.edge.waiters import Waiters
from kumoi.core.errors import Unavailable

Scope = dict[str, Any]


class Edge:
    """`Edge(tongues, now=clock.now, new_id=…)` is the ASGI callable.

    now        seconds since the epoch
    new_id     a fresh UUID as text, for request ids
    health     what is wrong with this process, as codes; empty is well
    access     the metrics, where several edges of a process share them
    name       tells this edge's pools from another's in the metrics

    `sockets` are the rules for websockets, `rates` how often one may ask; to be set before it serves.
    """

    def __init__(
        self,
        tongues: Sequence[Tongue],
        *,
        now: Callable[[], float],
        new_id: Callable[[], str],
        health: Callable[[], Sequence[str]] = tuple,
        access: Access | None = None,
        name: str = "api",
    ) -> None:
        self._access = access or Access()
        self.router = Router([*builtin_tongues(health), *tongues])
        self._name = name
        self.sockets = SocketRules()
        self.rates: Rates | None = None
        self._talking = 0
        self._now = now
        self._new_id = new_id
        self._pools: Pools | None = None
        self._waiters: Waiters | None = None

    @property
    def registry(self) -> CollectorRegistry:
        """What its requests are counted in."""
        return self._access.registry

    @property
    def pools(self) -> Pools:
        """Made on first use, on the running loop."""
        if self._pools is None:
            self._pools = Pools()
            self._access.watch(self._name, self._pools, lambda: self._talking)
        return self._pools

    @property
    def waiters(self) -> Waiters:
        """Made on first use, on the running loop."""
        if self._waiters is None:
            self._waiters = Waiters()
        return self._waiters

    def end_waits(self) -> None:
        """End long-polls and streams that wait, so that a server may stop at once. On the loop only."""
        self.waiters.close()

    def close(self) -> None:
        """Let the pools' threads go. Harmless twice."""
        if self._pools is not None:
            self._pools.stop()
            self._pools = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case unknown:
                raise ValueError(unknown)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            self.pools  # noqa: B018 - made now rather than under the first request
            self.waiters  # noqa: B018
            await send({"type": "lifespan.startup.complete"})
        self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        found, request = self._received(scope)
        exchange = Exchange(self.pools.run_in, request, found, receive, self.rates)
        status = HUNG_UP
        try:
            response = await exchange.answer()
            status = response.status
            await send_response(response, request.method, exchange.hang_up(), send)
        except ClientGone:
            status = HUNG_UP
        finally:
            self._access.tell(request, found.tongue, exchange.route, status, began)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        found, request = self._received({**scope, "method": "WEBSOCKET"})
        exchange = Exchange(self.pools.run_in, request, found, receive, self.rates)
        socket = Socket(receive, send, scope.get("subprotocols", ()))
        await receive()  # websocket.connect
        self._talking += 1
        status = HUNG_UP
        try:
            response = await exchange.talk(socket, self._welcome)
            if response is not None:
                status = response.status
                await deny(response, send)
        except ClientGone:
            pass
        finally:
            self._talking -= 1
            if socket.accepted:
                self._access.tell_talk(request, found.tongue, exchange.route, socket, began)
            else:
                self._access.tell(request, found.tongue, exchange.route, status, began)

    def _welcome(self, request: Request) -> None:
        """Whether there may be one more websocket, for this page. Raises Unavailable, Forbidden."""
        check_origin(request, self.sockets.origins)
        if self._talking > self.sockets.most:
            raise Unavailable("api", what="websockets", retry_after_s=10)

    def _received(self, scope: Scope) -> tuple[Found | Missing, Request]:
        found = self.router.find(scope["method"], scope["raw_path"])
        params = found.params if isinstance(found, Found) else {}
        request = Request(scope, params, f"req-{self._new_id()}", self._now())
        structlog.contextvars.bind_contextvars(request_id=request.id)
        return found, request
