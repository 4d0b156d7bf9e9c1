"""The link as a tongue: JSON by msgspec under /link/v1, refusals as code, layer and facts."""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, no_content
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.edge.streams import pieces
from kumoi.api.edge.waiters import Waiters
from kumoi.api.link.copies import take
from kumoi.api.link.many import ManyDesk
from kumoi.api.link.streams import stream
from kumoi.app.hosts import copies
from kumoi.app.hosts.fetch import deltas
from kumoi.app.hosts.greet import greet
from kumoi.app.hosts.report import take_report
from kumoi.app.house import House
from kumoi.app.images.upload import MOST_BYTES
from kumoi.app.meters.take import take_samples
from kumoi.core.call import Actor
from kumoi.core.errors import KumoiError, NotFound, Stale, Unauthenticated
from kumoi.core.ids import host_section
from kumoi.core.meters import Samples
from kumoi.core.plan import FetchAsk, Fetched, Hello, Report

LONGEST_WAIT_S = 55.0
REPORT_LIMIT = 16 << 20
ANSWER_LIMIT = 4 << 20
_encode = msgspec.json.Encoder().encode


def tongue(house: House, waiters: Callable[[], Waiters]) -> Tongue:
    """`waiters` are the edge's own; they are woken by section keys."""
    desk = _Desk(house, waiters)
    many = ManyDesk(house, waiters)
    return Tongue(
        name="link",
        prefix="/link/v1",
        routes=[
            Route("POST", "/hello", desk.hello, service="link", pool="link", anonymous=True),
            Route("POST", "/fetch", desk.fetch, service="link", wait=True, anonymous=True),
            Route("POST", "/report", desk.report, service="link", pool="link", anonymous=True,
                  body_limit=REPORT_LIMIT, success=204),
            Route("POST", "/fetch_many", many.fetch, service="link", wait=True, anonymous=True),
            Route("POST", "/report_many", many.report, service="link", pool="link", anonymous=True,
                  body_limit=REPORT_LIMIT),
            Route("POST", "/samples", desk.sample, service="link", pool="link", anonymous=True,
                  body_limit=REPORT_LIMIT, success=204),
            Route("POST", "/samples_many", many.sample, service="link", pool="link", anonymous=True,
                  body_limit=REPORT_LIMIT, success=204),
            Route("POST", "/read/{ask}", desk.read, service="link", pool="link", anonymous=True,
                  body_limit=ANSWER_LIMIT, success=204),
            Route("GET", "/layers/{sha256}", desk.layer, service="link", wait=True, anonymous=True),
            Route("PUT", "/copies/{image}", partial(take, house), service="link", wait=True, anonymous=True,
                  streamed=True, body_limit=MOST_BYTES, success=204),
            Route("WEBSOCKET", "/streams/{ask}", partial(stream, house), service="link", wait=True, anonymous=True),
        ],
        authenticate=_nobody,
        render_error=render_error,
    )  # fmt: skip


class _Desk:
    """The handlers."""

    def __init__(self, house: House, waiters: Callable[[], Waiters]) -> None:
        self._house = house
        self._waiters = waiters

    def hello(self, request: Request) -> Response:
        return _json(greet(self._house, request.json(Hello)))

    async def fetch(self, request: Request) -> Response:
        ask = request.json(FetchAsk)
        self._house.holdings.note((ask,), request.now)
        loop = asyncio.get_running_loop()
        until = loop.time() + min(ask.wait_s, LONGEST_WAIT_S)
        keys = [*ask.have, host_section(ask.host_id)]
        while True:
            ticket = self._waiters().ticket(keys)
            try:
                news = await request.run_in("link", partial(deltas, self._house, ask))
                questions = self._house.asks.pending(ask.host_id)
                left = until - loop.time()
                if news or questions or left <= 0:
                    return _json(Fetched(epoch=ask.epoch, sections=news, asks=questions))
                await ticket.wait(left)
            finally:
                ticket.close()

    def report(self, request: Request) -> Response:
        take_report(self._house, request.json(Report))
        return no_content()

    def sample(self, request: Request) -> Response:
        samples = request.json(Samples)
        if take_samples(self._house, (samples,)):
            raise Stale("host", kind="session", id=samples.host_id)
        return no_content()

    def read(self, request: Request) -> Response:
        if not self._house.asks.answer(request.params["ask"], request.body):
            raise NotFound("host", kind="ask", id=request.params["ask"])
        return no_content()

    async def layer(self, request: Request) -> Response:
        sha256 = request.params["sha256"]
        size, source = await request.run_in("link", partial(copies.layer, self._house, sha256))
        body = pieces(source, request.run_in, "link")
        return Response(200, None, "application/octet-stream", stream=body, length=size)


def render_error(_request: Request, error: KumoiError) -> Response:
    body = {"code": error.code, "layer": error.layer, "facts": error.facts}
    return _json(body, status_of(error))


def _json(value: object, status: int = 200) -> Response:
    return Response(status, _encode(value), "application/json")


def _nobody(_request: Request) -> Actor:
    raise Unauthenticated("host", reason="link")
