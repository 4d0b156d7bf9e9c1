"""The link of one host on bad days: requests are lost, answers are lost, and what was on its way comes late."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Literal, TypeVar

from kumoi.contracts.link import Link, Stream
from kumoi.core.copies import CopyOffer
from kumoi.core.errors import Unavailable
from kumoi.core.meters import Samples
from kumoi.core.plan import FetchAsk, Fetched, Hello, Report, Welcome

Verb = Literal["hello", "fetch", "report", "layer", "stream", "give"]
VERBS: tuple[Verb, ...] = ("hello", "fetch", "report", "layer", "stream")  # nobody asks for images there
REMEMBERED = 12
T = TypeVar("T")


class FaultyLink:
    """`contracts.link.Link`. `dead`: nobody answers.

    `unheard` and `unanswered`: how many more times a verb is lost on its way there, or done with its answer lost.
    `delaying`: so many reports are lost to their host, but still on their way (`late`). `again`: an answer that a
    fetch gets instead of its own. `told` and `fetched`: the last ones that went through, oldest first.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self.heal()
        self.late: deque[Report] = deque(maxlen=REMEMBERED)
        self.told: deque[Report] = deque(maxlen=REMEMBERED)
        self.fetched: deque[Fetched] = deque(maxlen=REMEMBERED)

    def heal(self) -> None:
        self.dead = False
        self.unheard: Counter[Verb] = Counter()
        self.unanswered: Counter[Verb] = Counter()
        self.delaying = 0
        self.again: Fetched | None = None

    def hello(self, hello: Hello) -> Welcome:
        return self._say("hello", lambda: self._link.hello(hello))

    def fetch(self, ask: FetchAsk) -> Fetched:
        if self.again is not None and not self.dead:
            again, self.again = self.again, None
            return again
        fetched = self._say("fetch", lambda: self._link.fetch(ask))
        if fetched.sections:
            self.fetched.append(fetched)
        return fetched

    def report(self, report: Report) -> None:
        if self.delaying > 0:
            self.delaying -= 1
            self.late.append(report)
            raise Unavailable("host", what="control")
        self._say("report", lambda: self.arrives(report))

    def arrives(self, report: Report) -> None:
        """Control gets it, now."""
        self._link.report(report)
        self.told.append(report)

    def sample(self, samples: Samples) -> None:
        self._link.sample(samples)

    def read(self, ask_id: str, answer: bytes) -> None:
        self._link.read(ask_id, answer)

    def layer(self, sha256: str) -> Iterator[bytes]:
        return self._say("layer", lambda: self._link.layer(sha256))

    def give(self, offer: CopyOffer, pieces: Iterator[bytes]) -> None:
        self._say("give", lambda: self._link.give(offer, pieces))

    def stream(self, ask_id: str) -> Stream:
        return self._say("stream", lambda: self._link.stream(ask_id))

    def _say(self, verb: Verb, done: Callable[[], T]) -> T:
        if self.dead or self._counted(self.unheard, verb):
            raise Unavailable("host", what="control")
        answer = done()
        if self._counted(self.unanswered, verb):
            raise Unavailable("host", what="control")
        return answer

    @staticmethod
    def _counted(times: Counter[Verb], verb: Verb) -> bool:
        if times[verb] <= 0:
            return False
        times[verb] -= 1
        return True
