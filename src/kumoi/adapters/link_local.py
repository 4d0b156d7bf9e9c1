"""The link inside one process: the doors themselves, no wire between. For tests and trials with a virtual clock."""

from collections.abc import Iterator

from kumoi.adapters.stream_local import LocalStream
from kumoi.app.hosts import copies
from kumoi.app.hosts.fetch import deltas
from kumoi.app.hosts.greet import greet
from kumoi.app.hosts.report import take_report
from kumoi.app.house import House
from kumoi.app.meters.take import take_samples
from kumoi.contracts.link import Stream
from kumoi.core.copies import CopyOffer
from kumoi.core.errors import NotFound, Stale
from kumoi.core.meters import Samples
from kumoi.core.plan import FetchAsk, Fetched, Hello, Report, Welcome


class LocalLink:
    """`contracts.link.Link`; a fetch never waits."""

    def __init__(self, house: House) -> None:
        self._house = house

    def hello(self, hello: Hello) -> Welcome:
        return greet(self._house, hello)

    def fetch(self, ask: FetchAsk) -> Fetched:
        news = deltas(self._house, ask)
        return Fetched(epoch=ask.epoch, sections=news, asks=self._house.asks.pending(ask.host_id))

    def report(self, report: Report) -> None:
        take_report(self._house, report)

    def sample(self, samples: Samples) -> None:
        if take_samples(self._house, (samples,)):
            raise Stale("host", kind="session", id=samples.host_id)

    def read(self, ask_id: str, answer: bytes) -> None:
        if not self._house.asks.answer(ask_id, answer):
            raise NotFound("host", kind="ask", id=ask_id)

    def stream(self, ask_id: str) -> Stream:
        stream = LocalStream()
        if not self._house.asks.dialled(ask_id, stream):
            stream.socket.close()
            stream.theirs.close()
            raise NotFound("host", kind="ask", id=ask_id)
        return stream

    def layer(self, sha256: str) -> Iterator[bytes]:
        return copies.layer(self._house, sha256)[1]

    def give(self, offer: CopyOffer, pieces: Iterator[bytes]) -> None:
        intake = copies.begin(self._house, offer)
        try:
            for piece in pieces:
                intake.write(piece)
            intake.finish()
        finally:
            intake.end()
