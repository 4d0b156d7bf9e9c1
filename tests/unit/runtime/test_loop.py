"""The loop: coalescing, one worker a key, back-off, resync, and that it can be looked into."""

import threading
from collections.abc import Iterable

from kumoi.adapters.fake.chance import FakeChance
from kumoi.adapters.fake.clock import FakeClock
from kumoi.adapters.system import SystemClock
from kumoi.contracts.clock import Clock
from kumoi.core.errors import Unavailable
from kumoi.runtime.loop import DEFAULT_PACE, Loop, Pace, settle


class Diary:
    """Work that writes down what it was asked to look at, and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.seen: list[str] = []
        self.failures = failures

    def work(self, key: str) -> None:
        self.seen.append(key)
        if self.failures:
            self.failures -= 1
            raise Unavailable("host", what="nothing")


def looping(diary: Diary, clock: Clock, keys: Iterable[str] = (), pace: Pace = DEFAULT_PACE) -> Loop:
    listed = tuple(keys)
    return Loop("test", diary.work, lambda: listed, clock, FakeChance(), pace)


def test_hints_coalesce_and_keep_their_order() -> None:
    diary, clock = Diary(), FakeClock()
    loop = looping(diary, clock)
    for key in ("b", "a", "b", "b"):
        loop.hint(key)
    loop.run_until_quiet()
    assert diary.seen == ["b", "a"]


def test_all_keys_are_looked_at_at_the_start_and_every_resync() -> None:
    diary, clock = Diary(), FakeClock()
    loop = looping(diary, clock, ("a", "b"), Pace(resync_s=10.0))
    loop.run_until_quiet()
    assert sorted(diary.seen) == ["a", "b"]
    loop.run_until_quiet(within_s=35.0)
    assert diary.seen.count("a") == diary.seen.count("b") == 4


def test_the_earliest_wish_wins_and_fulfils_the_others() -> None:
    diary, clock = Diary(), FakeClock()
    loop = looping(diary, clock)
    loop.again_in("a", 20.0)
    loop.again_in("a", 5.0)
    loop.run_until_quiet(within_s=6.0)
    assert diary.seen == ["a"]
    loop.run_until_quiet(within_s=30.0)
    assert diary.seen == ["a"]


def test_an_error_is_tried_again_later_and_later_and_then_forgotten() -> None:
    diary, clock = Diary(failures=3), FakeClock()
    loop = looping(diary, clock)
    loop.hint("a")
    loop.run_until_quiet()
    (trouble,) = loop.state().troubles
    assert (trouble.key, trouble.attempts, trouble.error) == ("a", 1, "host:unavailable what='nothing'")
    assert 0.0 < trouble.next_try_s <= 1.25
    loop.run_until_quiet(within_s=10.0)
    assert diary.seen == ["a"] * 4
    assert loop.state().troubles == ()
    assert [bool(one.error) for one in loop.recent("a")] == [True, True, True, False]


def test_a_hint_does_not_wait_for_the_back_off() -> None:
    diary, clock = Diary(failures=1), FakeClock()
    loop = looping(diary, clock)
    loop.hint("a")
    loop.run_until_quiet()
    loop.hint("a")
    loop.run_until_quiet()
    assert diary.seen == ["a", "a"]


def test_a_hint_during_a_pass_makes_another_pass() -> None:
    clock = FakeClock()
    seen: list[str] = []

    def work(key: str) -> None:
        seen.append(key)
        if len(seen) == 1:
            loop.hint(key)

    loop = Loop("test", work, tuple, clock, FakeChance())
    loop.hint("a")
    loop.run_until_quiet()
    assert seen == ["a", "a"]


def test_loops_settle_together() -> None:
    clock = FakeClock()
    seen: list[str] = []
    second = Loop("second", seen.append, tuple, clock, FakeChance())
    first = Loop("first", lambda key: second.again_in(f"after {key}", 1.0), tuple, clock, FakeChance())
    first.again_in("a", 1.0)
    settle([first, second], clock, within_s=3.0)
    assert seen == ["after a"]


def test_threads_share_the_keys_and_never_one_key() -> None:
    clock = SystemClock()
    lock = threading.Lock()
    running: set[str] = set()
    overlaps: list[str] = []
    passes: dict[str, int] = {}
    enough = threading.Event()

    def work(key: str) -> None:
        with lock:
            if key in running:
                overlaps.append(key)
            running.add(key)
            passes[key] = passes.get(key, 0) + 1
        if passes[key] < 50:
            loop.hint(key)
        with lock:
            running.discard(key)
            if len(passes) == 8 and min(passes.values()) >= 50:
                enough.set()

    keys = tuple(f"key-{n}" for n in range(8))
    loop = Loop("test", work, lambda: keys, clock, FakeChance(), Pace(threads=4))
    loop.start()
    assert enough.wait(30.0)
    loop.stop()
    assert overlaps == []


def test_a_loop_driven_by_another_wakes_it() -> None:
    clock = FakeClock()
    seen: list[str] = []
    inner = Loop("inner", seen.append, tuple, clock, FakeChance())
    outer = Loop("outer", lambda _: (inner.run_due(), None)[1], tuple, clock, FakeChance())
    inner.woken = lambda: outer.hint("inner")
    inner.hint("a")
    outer.run_until_quiet()
    assert seen == ["a"]
