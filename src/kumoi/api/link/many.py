"""The link for many hosts in one process: their questions in one request, each delta once, their reports in one."""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, no_content
from kumoi.api.edge.waiters import Waiters
from kumoi.app.hosts.fetch_many import news
from kumoi.app.hosts.report import take_report
from kumoi.app.house import House
from kumoi.app.meters.take import take_samples
from kumoi.core.errors import Stale
from kumoi.core.flocks import FetchedMany, FetchMany, HostNews, ReportMany, ReportsTaken
from kumoi.core.ids import HostId, host_section
from kumoi.core.meters import SamplesMany
from kumoi.core.plan import FetchAsk

LONGEST_WAIT_S = 55.0
_encode = msgspec.json.Encoder().encode


class ManyDesk:
    """The handlers."""

    def __init__(self, house: House, waiters: Callable[[], Waiters]) -> None:
        self._house = house
        self._waiters = waiters

    async def fetch(self, request: Request) -> Response:
        """Answered as soon as one of the hosts has news, or is not known by this session."""
        asked = request.json(FetchMany)
        self._house.holdings.note(asked.asks, request.now)
        loop = asyncio.get_running_loop()
        until = loop.time() + min(asked.wait_s, LONGEST_WAIT_S)
        keys = {key for ask in asked.asks for key in (*ask.have, host_section(ask.host_id))}
        while True:
            ticket = self._waiters().ticket(keys)
            try:
                found = await request.run_in("link", partial(self._look, asked.asks))
                left = until - loop.time()
                if found.hosts or left <= 0:
                    return Response(200, _encode(found), "application/json")
                await ticket.wait(left)
            finally:
                ticket.close()

    def report(self, request: Request) -> Response:
        stale: list[HostId] = []
        for report in request.json(ReportMany).reports:
            try:
                take_report(self._house, report)
            except Stale:
                stale.append(report.host_id)
        return Response(200, _encode(ReportsTaken(stale=tuple(stale))), "application/json")

    def sample(self, request: Request) -> Response:
        take_samples(self._house, request.json(SamplesMany).hosts)
        return no_content()

    def _look(self, asks: tuple[FetchAsk, ...]) -> FetchedMany:
        found = news(self._house, asks)
        places = {lack: place for place, lack in enumerate(found.deltas)}
        hosts = [HostNews(host_id=host, stale=True) for host in found.stale]
        for ask in asks:
            mine = tuple(places[lack] for lack in found.lacks.get(ask.host_id, ()))
            questions = self._house.asks.pending(ask.host_id)
            if mine or questions:
                hosts.append(HostNews(host_id=ask.host_id, sections=mine, asks=questions))
        return FetchedMany(epoch=self._house.store.epoch(), sections=tuple(found.deltas.values()), hosts=tuple(hosts))
