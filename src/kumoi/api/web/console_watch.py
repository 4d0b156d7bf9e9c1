"""Open consoles of this process, looked at together every second: who may not any more is cut off.

What does not belong here: who may (app.instances.console_holders), and the bytes (api.edge.joining).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import structlog

from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.instances.console_holders import cut
from kumoi.core.consoles import ConsoleToken

LOOK_EVERY_S: Final = 1.0
log = structlog.get_logger("kumoi.console")


class Watch:
    """For the event loop's thread alone. It looks while a console is open, and costs nothing else."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._open: dict[asyncio.Future[str], ConsoleToken] = {}
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def over(self, token: ConsoleToken, request: Request) -> Iterator[asyncio.Future[str]]:
        """Comes true with the reason for which the console must end."""
        end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open[end] = token
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(request))
        try:
            yield end
        finally:
            del self._open[end]
            if not self._open and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self, request: Request) -> None:
        """`request`: whose pools are used, which are the edge's."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            watched = dict(self._open)
            try:
                ends = await request.run_in("read", partial(cut, self._house, tuple(watched.values())))
            except Exception:  # a look that failed must not be the last one
                log.exception("consoles not looked at")
                continue
            for end, token in watched.items():
                if token.id in ends and not end.done():
                    end.set_result(ends[token.id])
