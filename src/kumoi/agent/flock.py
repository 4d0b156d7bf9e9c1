"""Many hosts on one link: each talks as if it had a link of its own, and a few requests carry it all.

A host's question waits here until the next request for its flock; its answer lies here until it asks again.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from kumoi.agent.reporting import says_the_same
from kumoi.contracts.link import ManyLink, Stream
from kumoi.core.copies import CopyOffer
from kumoi.core.errors import Stale
from kumoi.core.flocks import FetchedMany, FetchMany, HostNews, ReportMany
from kumoi.core.ids import HostId
from kumoi.core.meters import Samples, SamplesMany
from kumoi.core.plan import FetchAsk, Fetched, Hello, Report, Welcome

NEWS_S: Final = 0.02
HEARTBEAT_S: Final = 2.0
SAMPLES_S: Final = 5.0
SAMPLES_MOST: Final = 1000  # that wait for a control that does not answer


class Seat:
    """`contracts.link.Link` for one host of a flock. Only the first fetch of a session goes out at once; none waits."""

    def __init__(self, flock: "Flock") -> None:
        self._flock = flock
        self._fresh = False
        self._last: Report | None = None
        self.asking: FetchAsk | None = None
        self.mail: Fetched | None = None
        self.outgoing: Report | None = None
        self.stale = False

    def hello(self, hello: Hello) -> Welcome:
        welcome = self._flock.link.hello(hello)
        self.stale, self.mail, self.outgoing, self.asking, self._last = False, None, None, None, None
        self._fresh = True
        self._flock.seats[welcome.host_id] = self
        return welcome

    def fetch(self, ask: FetchAsk) -> Fetched:
        """What came for the last question; this one is put when the flock asks next."""
        self._check(ask.host_id)
        if self._fresh:
            self.take(ask, self._flock.link.fetch_many(FetchMany(asks=(ask,), wait_s=0.0)))
            self._fresh = False
            self._check(ask.host_id)
        mail, self.mail = self.mail, None
        self.asking = ask
        return mail or Fetched(epoch=ask.epoch, sections=())

    def take(self, ask: FetchAsk, fetched: FetchedMany) -> bool:
        """Put what is there for this host with its mail; returns whether there is anything."""
        news = next((one for one in fetched.hosts if one.host_id == ask.host_id), None)
        return news is not None and self.deliver(news, fetched)

    def deliver(self, news: HostNews, fetched: FetchedMany) -> bool:
        self.asking = None
        self.stale = self.stale or news.stale
        if not news.stale:
            sections = tuple(fetched.sections[place] for place in news.sections)
            self.mail = Fetched(epoch=fetched.epoch, sections=sections, asks=news.asks)
        return True

    def report(self, report: Report) -> None:
        """Taken to be told; a newer one replaces it on its way. That nothing changed need not be told at once."""
        self._check(report.host_id)
        news = self._last is None or not says_the_same(report, self._last)
        self.outgoing = self._last = report
        self._flock.tell(report.host_id, NEWS_S if news else HEARTBEAT_S)

    def sample(self, samples: Samples) -> None:
        """Taken to be told soon: whether control has them is the flock's to know."""
        self._check(samples.host_id)
        self._flock.keep(samples)

    def read(self, ask_id: str, answer: bytes) -> None:
        self._flock.link.read(ask_id, answer)

    def layer(self, sha256: str) -> Iterator[bytes]:
        return self._flock.link.layer(sha256)

    def give(self, offer: CopyOffer, pieces: Iterator[bytes]) -> None:
        self._flock.link.give(offer, pieces)

    def stream(self, ask_id: str) -> Stream:
        return self._flock.link.stream(ask_id)

    def _check(self, host_id: HostId) -> None:
        if self.stale:
            raise Stale("host", kind="session", id=host_id)


class Flock:
    """Hosts that ask and report together. `seats`: who was greeted. `telling`: a report is due within that many s;
    `sampling`: samples are."""

    def __init__(
        self, link: ManyLink, telling: Callable[[float], None], sampling: Callable[[float], None]
    ) -> None:  # fmt: skip
        self.link = link
        self.seats: dict[HostId, Seat] = {}
        self._telling = telling
        self._sampling = sampling
        self._samples: deque[Samples] = deque(maxlen=SAMPLES_MOST)
        self._lock = threading.Lock()
        self._waiting: set[HostId] = set()

    def tell(self, host_id: HostId, within_s: float) -> None:
        with self._lock:
            self._waiting.add(host_id)
        self._telling(within_s)

    def keep(self, samples: Samples) -> None:
        self._samples.append(samples)
        self._sampling(SAMPLES_S)

    def sample(self) -> None:
        """Tell what was measured meanwhile. What control does not hear now it hears later, or not at all."""
        told = tuple(self._samples)
        if told:
            self.link.sample_many(SamplesMany(hosts=told))
            for _ in told:
                self._samples.popleft()

    def asks(self) -> tuple[FetchAsk, ...]:
        """The questions of all who have no answer to read first."""
        return tuple(ask for seat in list(self.seats.values()) if (ask := seat.asking) is not None)

    def fetch(self, asks: tuple[FetchAsk, ...], wait_s: float) -> list[Seat]:
        """Put these questions; returns the hosts that have to look at their mail, or to greet again."""
        fetched = self.link.fetch_many(FetchMany(asks=asks, wait_s=wait_s))
        sessions = {ask.host_id: ask.session for ask in asks}
        found = []
        for news in fetched.hosts:
            seat = self.seats[news.host_id]
            now = seat.asking
            if now is not None and now.session == sessions[news.host_id]:
                seat.deliver(news, fetched)
                found.append(seat)
        return found

    def report(self) -> list[Seat]:
        """Tell what waits to be told; returns the hosts that have to greet again. Raises Unavailable."""
        with self._lock:
            waiting = [(host, report) for host in self._waiting if (report := self.seats[host].outgoing) is not None]
        if not waiting:
            return []
        taken = self.link.report_many(ReportMany(reports=tuple(report for _, report in waiting)))
        with self._lock:
            for host, report in waiting:
                if self.seats[host].outgoing is report:
                    self.seats[host].outgoing = None
                    self._waiting.discard(host)
        stale = [self.seats[host] for host in taken.stale]
        for seat in stale:
            seat.stale = True
        return stale
