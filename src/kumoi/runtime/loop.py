"""The one loop of the product: named things are looked at, again and again, until world and wish agree.

A loop's only input is a name (a key). Keys come from hints, from the listing of all keys every resync, from the work
itself (`again_in`) and from back-off after an error; they coalesce, and a key has at most one worker at a time. What
does not belong here: any noun of the cloud, and any decision but when to look.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Final

import msgspec

from kumoi.contracts.chance import Chance
from kumoi.contracts.clock import Clock
from kumoi.core.conditions import BACKOFF_MOST_S, backoff_s
from kumoi.core.errors import KumoiError
from kumoi.runtime import log

LISTING: Final = "*"  # the key under which the loop lists all keys; no key of anybody's may be called so
_KEPT_PASSES: Final = 1000
_TICK_S: Final = 0.001  # less may vanish in a float of seconds since the epoch


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """`resync_s`: every key is looked at this often, give or take a tenth. `threads`: passes at the same time.

    `patience_s`: the longest back-off after errors. `spread`: the part of a resync over which its keys are strewn, so
    that no second is a burst.
    """

    resync_s: float = 60.0
    patience_s: float = BACKOFF_MOST_S
    spread: float = 0.1
    threads: int = 1


DEFAULT_PACE: Final = Pace()


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a key: when (seconds since the epoch), how long it took, and the error that ended it, if any."""

    key: str
    at: float
    took_s: float
    error: str = ""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A key whose last `attempts` passes all failed; the next is tried in `next_try_s`."""

    key: str
    attempts: int
    error: str
    next_try_s: float


class LoopState(msgspec.Struct, frozen=True, kw_only=True):
    """For metrics and operators. `depth`: keys that are due and wait; `oldest_s`: for how long the first one does.

    `well_at`: when a pass last ended well, in seconds since the epoch (0.0: none did yet), and `took_s` how long it
    took; listings do not count.
    """

    name: str
    depth: int
    oldest_s: float
    running: tuple[str, ...]
    passes: int
    errors: int
    well_at: float
    took_s: float
    troubles: tuple[Trouble, ...]


class Loop:
    """`work(key)` does one pass and is harmless at any time; what it raises is logged, kept and tried again.

    `keys` lists everything there is to look at. `woken` is called, outside of all locks, whenever something was added:
    a loop that was never started can be driven by hand (`run_due`), in a test or by another loop.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[str], None],
        keys: Callable[[], Iterable[str]],
        clock: Clock,
        chance: Chance,
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        self.name = name
        self.woken: Callable[[], None] = _nobody
        self._work = work
        self._keys = keys
        self._clock = clock
        self._chance = chance
        self._pace = pace
        self._changed = threading.Condition()
        self._order = count()
        self._heap: list[tuple[float, int, str]] = []
        self._due: dict[str, float] = {LISTING: clock.monotonic()}
        self._running: dict[str, float] = {}
        self._failures: dict[str, tuple[int, str]] = {}
        self._recent: deque[Pass] = deque(maxlen=_KEPT_PASSES)
        self._passes = 0
        self._errors = 0
        self._well_at = self._took_s = 0.0
        self._listed = False
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self._log = log.get(loop=name)
        heapq.heappush(self._heap, (self._due[LISTING], next(self._order), LISTING))

    # --- what to look at, and when -------------------------------------------------------------

    def hint(self, key: str) -> None:
        """Look at this key as soon as a worker is free. From any thread, also from within a pass; never blocks long."""
        self.again_in(key, 0.0)

    def again_in(self, key: str, seconds: float) -> None:
        """Look at this key no later than in so many seconds. The earliest wish wins; a pass fulfils all of them."""
        with self._changed:
            due = self._clock.monotonic() + max(0.0, seconds)
            if self._due.get(key, due + 1.0) <= due:
                return
            self._due[key] = due
            if key not in self._running:
                heapq.heappush(self._heap, (due, next(self._order), key))
                self._changed.notify()
        self.woken()

    # --- running -------------------------------------------------------------------------------

    def start(self) -> None:
        """Work in threads of its own until `stop`."""
        for number in range(self._pace.threads):
            thread = threading.Thread(target=self._run, name=f"{self.name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, patience_s: float = 5.0) -> None:
        """Begin no more passes, and wait for those under way; one that takes longer dies with the process."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(patience_s)

    def run_due(self) -> int:
        """Do everything that is due, in this thread, in the order in which it fell due; returns how many passes."""
        done = 0
        while (key := self._pick()) is not None:
            self._pass(key)
            done += 1
        return done

    def next_due_s(self) -> float | None:
        """Seconds until something is due, 0.0 if something is; None when nothing ever will be."""
        with self._changed:
            first = self._first()
            return None if first is None else max(0.0, first - self._clock.monotonic())

    def run_until_quiet(self, within_s: float = 0.0) -> None:
        """For a virtual clock: let `within_s` pass, as `settle` does."""
        settle([self], self._clock, within_s)

    # --- looking inside ------------------------------------------------------------------------

    def state(self) -> LoopState:
        with self._changed:
            now = self._clock.monotonic()
            waits = [now - due for key, due in self._due.items() if due <= now and key not in self._running]
            return LoopState(
                name=self.name,
                depth=len(waits),
                oldest_s=max(waits, default=0.0),
                running=tuple(self._running),
                passes=self._passes,
                errors=self._errors,
                well_at=self._well_at,
                took_s=self._took_s,
                troubles=tuple(
                    Trouble(key=key, attempts=n, error=error, next_try_s=self._due.get(key, now) - now)
                    for key, (n, error) in self._failures.items()
                ),
            )

    def recent(self, key: str) -> list[Pass]:
        """The last passes of this key that are still remembered, oldest first."""
        with self._changed:
            return [one for one in self._recent if one.key == key]

    # --- inside --------------------------------------------------------------------------------

    def _run(self) -> None:
        while (key := self._take()) is not None:
            self._pass(key)

    def _take(self) -> str | None:
        """Wait for the next key; None: the loop is stopping."""
        with self._changed:
            while not self._stopping:
                key = self._pick()
                if key is not None:
                    return key
                first = self._first()
                self._changed.wait(None if first is None else max(0.0, first - self._clock.monotonic()))
            return None

    def _pick(self) -> str | None:
        """The key that has been due for longest, now running; None when none is due."""
        with self._changed:
            first = self._first()
            if first is None or first > self._clock.monotonic():
                return None
            _, _, key = heapq.heappop(self._heap)
            del self._due[key]
            self._running[key] = first
            return key

    def _first(self) -> float | None:
        """When the first key is due that nobody works on. Heap entries that were overtaken are dropped here."""
        while self._heap:
            due, _, key = self._heap[0]
            if self._due.get(key) == due and key not in self._running:
                return due
            heapq.heappop(self._heap)
        return None

    def _pass(self, key: str) -> None:
        at, began = self._clock.now(), self._clock.monotonic()
        error = ""
        try:
            if key == LISTING:
                self._list()
            else:
                self._work(key)
        except KumoiError as e:
            error = str(e)
            # Once for each reason: what keeps failing is seen in the state, and need not fill the log.
            if self._failures.get(key, (0, ""))[1] != error:
                self._log.warning("pass_failed", key=key, error=error)
        except Exception as e:  # noqa: BLE001 (a loop outlives every mistake of its work)
            error = f"{type(e).__name__}: {e}"
            self._log.exception("pass_broke", key=key)
        self._finish(Pass(key=key, at=at, took_s=self._clock.monotonic() - began, error=error))

    def _list(self) -> None:
        # The first listing is a start: everything at once.
        spread_s = self._pace.resync_s * self._pace.spread if self._listed else 0.0
        for key in self._keys():
            self.again_in(key, spread_s * self._fraction())
        self._listed = True
        self.again_in(LISTING, self._pace.resync_s * (0.9 + 0.2 * self._fraction()))

    def _finish(self, one: Pass) -> None:
        with self._changed:
            del self._running[one.key]
            self._recent.append(one)
            self._passes += 1
            if one.error:
                self._errors += 1
                attempts = self._failures.get(one.key, (0, ""))[0] + 1
                self._failures[one.key] = (attempts, one.error)
                wait_s = min(self._pace.patience_s, backoff_s(attempts - 1)) * (0.75 + 0.5 * self._fraction())
                self._due.setdefault(one.key, self._clock.monotonic() + wait_s)
            else:
                self._failures.pop(one.key, None)
                if one.key != LISTING:
                    self._well_at, self._took_s = one.at + one.took_s, one.took_s
            if one.key in self._due:
                heapq.heappush(self._heap, (self._due[one.key], next(self._order), one.key))
                self._changed.notify()

    def _fraction(self) -> float:
        return self._chance.below(1000) / 1000


def settle(loops: Sequence[Loop], clock: Clock, within_s: float = 0.0) -> None:
    """Let `within_s` pass while running loops that were never started, in turns, as they fall due.

    Deterministic with a virtual clock, whose `sleep` only moves its hands.
    """
    deadline = clock.monotonic() + within_s
    while True:
        while sum(loop.run_due() for loop in loops):
            pass
        waits = [wait_s for loop in loops if (wait_s := loop.next_due_s()) is not None]
        left_s = deadline - clock.monotonic()
        if not waits or min(waits) > left_s:
            clock.sleep(max(0.0, left_s))
            return
        clock.sleep(max(_TICK_S, min(waits)))


def _nobody() -> None:
    """Nobody has to be told: the loop has threads, or is asked by hand."""
