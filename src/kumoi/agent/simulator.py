"""A cloud's worth of hosts in one process: every one a whole agent on a world of its own, none with a thread.

One loop is keyed by host and runs whatever of that host is due. Hosts share requests (flocks) and decoded sections.
What does not belong here: the worlds (adapters.fake).
"""

import threading
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

import msgspec

from kumoi.agent.agent import Agent
from kumoi.agent.drivers import Drivers, Manner
from kumoi.agent.flock import Flock, Seat
from kumoi.agent.hands import FETCH, Papers, Tools
from kumoi.agent.journal import NoJournal
from kumoi.agent.ledger import Ledger
from kumoi.agent.notebook import Notebook
from kumoi.agent.pump import Pump
from kumoi.agent.sampling import SAMPLE
from kumoi.agent.section import Section
from kumoi.contracts.chance import Chance
from kumoi.contracts.clock import Clock
from kumoi.contracts.link import ManyLink
from kumoi.core.ids import SectionKey
from kumoi.core.plan import Hello, SectionDelta
from kumoi.runtime.loop import Loop, Pace

FLOCKS: Final = 8
LATEST: Final = 32  # sections kept for hosts that come a little later
POLL_S: Final = 25.0
PAUSE_S: Final = 0.1
JOINING_S: Final = 0.5  # as long as hosts of the flock are still to join
PATIENCE_S: Final = 5.0
MANNER: Final = Manner(poll_s=0.0, idle_s=3600.0, resync_s=30.0, spread=0.0, heartbeat_s=20.0, starts=4)


class Ground(msgspec.Struct, frozen=True):
    """What stands under one simulated host, and how it introduces itself."""

    hello: Hello
    drivers: Drivers


class Shared:
    """Sections after deltas, shared by all hosts that hold them. Safe for threads.

    Sections of one serial are equal where their digests are right.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: WeakValueDictionary[tuple[SectionKey, int, int], Section] = WeakValueDictionary()
        self._latest: deque[Section] = deque(maxlen=LATEST)

    def apply(self, held: Section, epoch: int, delta: SectionDelta) -> Section:
        """As `Section.apply`; what is a host's own is not shared."""
        if delta.key.startswith("host/"):
            return held.apply(epoch, delta)
        key = (delta.key, epoch, delta.serial)
        with self._lock:
            known = self._made.get(key)
            if known is not None and known.digest == delta.digest and held.serial < delta.serial:
                return known
            new = held.apply(epoch, delta)
            if new.sound:
                self._made[key] = new
                self._latest.append(new)
            return new


class SimulatedHost:
    """One agent without threads: whoever has the time runs it."""

    def __init__(self, ground: Ground, link: Seat, tools: Tools, shared: Shared) -> None:
        papers = Papers(Ledger(NoJournal(), shared.apply), Notebook(NoJournal()))
        self.agent = Agent(ground.hello, ground.drivers, papers, link, tools)
        self._running = threading.Lock()
        ground.drivers.compute.watch(self.agent.noticed)

    def run(self) -> float | None:
        """Do what is due; returns in how many seconds something will be."""
        with self._running:
            while self.agent.talk.run_due() + self.agent.loop.run_due() + self.agent.samples.run_due():
                pass
        waits = (loop.next_due_s() for loop in (self.agent.talk, self.agent.loop, self.agent.samples))
        return min((wait_s for wait_s in waits if wait_s is not None), default=None)

    def read_mail(self) -> None:
        """At once, so that the next request of the flock puts this host's next question too. What is to be done about
        it is done by the one loop: the mail of the whole flock comes first."""
        with self._running:
            self.agent.talk.hint(FETCH)
            while self.agent.talk.run_due():
                pass


class Simulator:
    """Nothing happens before `start`; then the hosts say hello one by one."""

    def __init__(
        self, grounds: Sequence[Ground], link: ManyLink, clock: Clock, chance: Chance, manner: Manner = MANNER
    ) -> None:
        self._pump = Pump(clock)
        tools = Tools(clock=clock, chance=chance, manner=manner, pump=self._pump)
        shared = Shared()
        places = [str(number) for number in range(min(FLOCKS, len(grounds)))]
        self._flocks: dict[str, Flock] = {}
        self._members = dict.fromkeys(places, 0)
        self._hosts: dict[str, SimulatedHost] = {}
        self._by_seat: dict[Seat, SimulatedHost] = {}
        self.loop = Loop("hosts", self._run, lambda: self._hosts, clock, chance, Pace(resync_s=600.0))
        asking = Pace(patience_s=PATIENCE_S, threads=len(places))
        self._asking = Loop("flocks", self._ask, lambda: places, clock, chance, asking)
        self._telling = Loop("reports", self._tell, lambda: places, clock, chance, Pace(patience_s=PATIENCE_S))
        for place in places:
            self._flocks[place] = Flock(link, partial(self._telling.again_in, place), partial(self._sampled, place))
        for number, ground in enumerate(grounds):
            place = places[number % len(places)]
            seat = Seat(self._flocks[place])
            host = self._hosts[str(number)] = self._by_seat[seat] = SimulatedHost(ground, seat, tools, shared)
            host.agent.loop.woken = host.agent.talk.woken = partial(self.loop.hint, str(number))
            self._members[place] += 1

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self._asking, self._telling, self.loop)

    def start(self) -> None:
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        for loop in self.loops:
            loop.stop(0.0)
        self._pump.stop()

    def _run(self, number: str) -> None:
        wait_s = self._hosts[number].run()
        if wait_s is not None:
            self.loop.again_in(number, wait_s)

    def _ask(self, place: str) -> None:
        flock = self._flocks[place]
        asks = flock.asks()
        complete = len(asks) == self._members[place]
        served = flock.fetch(asks, POLL_S if complete else JOINING_S) if asks else []
        for seat in served:
            self._by_seat[seat].read_mail()
        # A control that does not wait is not to be asked without end.
        self._asking.again_in(place, 0.0 if served else PAUSE_S)

    def _sampled(self, place: str, within_s: float) -> None:
        self._telling.again_in(f"{place}/{SAMPLE}", within_s)

    def _tell(self, key: str) -> None:
        """A place's reports, or its samples: those are gathered for longer."""
        place, _, what = key.partition("/")
        if what:
            self._flocks[place].sample()
            return
        for seat in self._flocks[place].report():
            self._by_seat[seat].read_mail()
