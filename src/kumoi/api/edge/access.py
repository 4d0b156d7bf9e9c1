"""What the edge tells about itself: a log line and two metrics a request. Never bodies, queries or tokens."""

from collections.abc import Callable
from time import perf_counter
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from kumoi.api.edge.pools import Pools
from kumoi.api.edge.request import Request
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.edge.sockets import Socket

log = structlog.get_logger("kumoi.access")

HUNG_UP: Final = 499
SLOW_S: Final = 1.0
_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class Access:
    """Metrics children are kept by route, so that a request pays two dictionary look-ups and no label parsing.

    One may be shared by all edges of a process: then /metrics of each shows all.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
        ProcessCollector(registry=registry)
        self._count = Counter(
            "kumoi_http_requests",
            "Requests answered",
            ["tongue", "method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "kumoi_http_request_seconds",
            "From the head's arrival to the last byte handed over",
            ["tongue", "pool"],
            registry=registry,
            buckets=_BUCKETS_S,
        )
        self._waiting = Gauge(
            "kumoi_http_pool_waiting",
            "Requests whose pool has no thread free for them",
            ["edge", "pool"],
            registry=registry,
        )
        self._talking = Gauge("kumoi_websockets", "Websockets that are open", ["edge"], registry=registry)
        self._talks = Counter(
            "kumoi_websockets_ended", "Websockets that have ended", ["tongue", "route", "code"], registry=registry
        )
        self._counts: dict[tuple[str, str, str, int], Counter] = {}
        self._times: dict[tuple[str, str], Histogram] = {}

    def watch(self, edge: str, pools: Pools, talking: Callable[[], int]) -> None:
        """Show how much work waits in these pools, and how many websockets there are. `edge` tells one edge's from
        another's."""
        self._talking.labels(edge).set_function(talking)
        for name, pool in pools.each():
            self._waiting.labels(edge, name).set_function(pool.waiting)

    def tell(self, request: Request, tongue: Tongue | None, route: Route | None, status: int, began: float) -> None:
        """After the answer went out. `began` is of `perf_counter`; status 499 is a caller who hung up."""
        took_s = perf_counter() - began
        where = tongue.name if tongue is not None else "none"
        path = route.path if route is not None else "none"
        self._counted(where, request.method if route else "none", path, status).inc()
        waits = route is not None and route.wait
        pool = route.runs_in if route is not None else "none"
        self._timed(where, "wait" if waits else pool).observe(took_s)
        # A read that went well is told at debug only: clients poll, and a line costs as much as the request.
        dull = request.method in {"GET", "HEAD"} and status < 400 and (waits or took_s < SLOW_S)
        tell = log.debug if dull else log.info
        tell(
            "request",
            method=request.method,
            path=request.raw_path.decode("latin-1"),
            status=status,
            ms=round(took_s * 1000, 2),
            tongue=where,
            client=request.client,
            user=request.actor.user_id if request.actor is not None else None,
            project=request.actor.project_id if request.actor is not None else None,
        )

    def tell_talk(
        self, request: Request, tongue: Tongue | None, route: Route | None, socket: Socket, began: float
    ) -> None:
        """After a websocket has ended."""
        where = tongue.name if tongue is not None else "none"
        path = route.path if route is not None else "none"
        self._talks.labels(where, path, str(socket.code)).inc()
        log.info(
            "websocket",
            path=request.raw_path.decode("latin-1"),
            code=socket.code,
            s=round(perf_counter() - began, 2),
            came=socket.came,
            went=socket.went,
            tongue=where,
            client=request.client,
            user=request.actor.user_id if request.actor is not None else None,
        )

    def _counted(self, tongue: str, method: str, path: str, status: int) -> Counter:
        key = (tongue, method, path, status)
        child = self._counts.get(key)
        if child is None:
            child = self._counts[key] = self._count.labels(tongue, method, path, str(status))
        return child

    def _timed(self, tongue: str, pool: str) -> Histogram:
        key = (tongue, pool)
        child = self._times.get(key)
        if child is None:
            child = self._times[key] = self._seconds.labels(tongue, pool)
        return child
