"""Series: whatever was written, rolled up or swept meanwhile, a curve says what the points said."""

from collections.abc import Callable
from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumoi.adapters.fake.shelf import FakeShelf
from kumoi.contracts.series import Block
from kumoi.core.archives import ARCHIVES, LATE_S, NOTHING, Stats, coarser
from kumoi.core.errors import Unavailable
from kumoi.core.ids import InstanceId
from kumoi.core.meters import NAMES, Point
from kumoi.runtime.series import Curve, Series

START = 1_700_000_000 // 86400 * 86400.0
GUEST = InstanceId("g")
READ = frozenset({"disk.read.bytes"})
ALL = frozenset(name for names in NAMES.values() for name in names)


def disk(at: float, value: float, guest: InstanceId = GUEST) -> Point:
    return Point(guest, "disk/vda", at, (value, None, None, None))


def kept(series: Series, now: float) -> None:
    while series.keep(now):
        pass


def curve(series: Series, level: int, since: float, until: float) -> list[float | None]:
    found = series.read(GUEST, ARCHIVES[level], since, until, READ)
    assert len(found) == 1
    return found[0].average


def sampled(series: Series, since: float, until: float, value: Callable[[float], float], every_s: float = 10.0) -> None:
    """A host that tells a point every `every_s`, while control works."""
    at = since
    while at < until:
        series.add([disk(at, value(at))], at)
        if at % 60 == 0:
            kept(series, at)
        at += every_s


def test_points_are_seen_at_once_and_gaps_are_told() -> None:
    series = Series(FakeShelf())
    series.add([disk(START + 1, 5.0), disk(START + 21, 7.0)], START + 25)
    assert curve(series, 0, START, START + 40) == [5.0, None, 7.0, None]
    assert curve(series, 1, START, START + 60) == [6.0]
    (found,) = series.read(GUEST, ARCHIVES[3], START, START + 60, READ)
    assert found == Curve(subject="disk/vda", meter="disk.read.bytes", average=[6.0], least=[5.0], most=[7.0])


def test_every_archive_tells_the_same_story_as_the_points() -> None:
    series = Series(FakeShelf())
    sampled(series, START, START + 3 * 3600, lambda at: (at - START) // 60)
    until = START + 3 * 3600
    assert curve(series, 1, START, until) == [float(n) for n in range(180)]
    assert curve(series, 2, START, until) == [n * 10 + 4.5 for n in range(18)]
    (hours,) = series.read(GUEST, ARCHIVES[3], START, until, READ)
    assert hours.average == [29.5, 89.5, 149.5]
    assert hours.least == [0.0, 60.0, 120.0]
    assert hours.most == [59.0, 119.0, 179.0]


@settings(max_examples=40)
@given(
    values=st.lists(st.none() | st.floats(0, 1e6, width=32), min_size=400, max_size=700),
    pauses=st.sets(st.integers(0, 100)),
    crash=st.integers(0, 700),
)
def test_no_rhythm_of_work_and_no_crash_changes_a_coarse_curve(
    values: list[float | None], pauses: set[int], crash: int
) -> None:
    """Control looks away for minutes at a time, and dies once, with its open minute written or lost."""
    shelf = FakeShelf()
    series = Series(shelf)
    told: dict[int, tuple[Stats, ...]] = {}
    for n, value in enumerate(values):
        at = int(START) + n * 10
        if value is not None:
            series.add([disk(at, value)], at)
            told[at] = ((value, value, value),)
        if n == crash:
            series.write_all()
            series = Series(shelf)
        if n % 7 == 0 and n // 7 not in pauses:
            kept(series, at)
    until = START + len(values) * 10
    for archive in ARCHIVES[1:3]:
        told = coarser(archive.step_s, told)
        times = range(int(START), int(until), archive.step_s)
        expected = [told.get(at, (NOTHING,))[0][0] for at in times]
        if not told:
            assert series.read(GUEST, archive, START, until, READ) == []
            continue
        found = curve(series, archive.level, START, until)
        assert found == [None if isnan(x) else pytest.approx(x, rel=1e-4) for x in expected]


def test_a_killed_process_loses_its_open_minute_and_no_more() -> None:
    shelf = FakeShelf()
    series = Series(shelf)
    sampled(series, START, START + 180, lambda _: 1.0)
    kept(series, START + 170)
    found = curve(Series(shelf), 0, START, START + 180)
    assert found == [1.0] * 12 + [None] * 6


def test_two_processes_write_one_minute() -> None:
    shelf = FakeShelf()
    one, other = Series(shelf), Series(shelf)
    one.add([disk(START, 1.0), disk(START + 20, 3.0)], START + 20)
    other.add([disk(START + 10, 2.0)], START + 20)
    kept(one, START + 70)
    kept(other, START + 70)
    assert curve(one, 0, START, START + 30) == [1.0, 2.0, 3.0]


def test_what_is_too_late_or_too_early_is_not_taken() -> None:
    series = Series(FakeShelf())
    now = START + 1000
    assert series.add([disk(now - LATE_S - 1, 1.0), disk(now - LATE_S, 1.0), disk(now + 3600, 1.0)], now) == 1


def test_a_point_that_comes_late_is_in_every_archive() -> None:
    series = Series(FakeShelf())
    for minute in range(12):
        now = START + minute * 60 + 30
        if minute != 8:
            series.add([disk(now, 1.0)], now)
        kept(series, now)
    series.add([disk(START + 8 * 60, 13.0)], START + 12 * 60)
    sampled(series, START + 720, START + 1800, lambda _: 1.0, 60.0)
    assert curve(series, 2, START, START + 600) == [pytest.approx(2.2)]


def test_a_shelf_that_refuses_loses_nothing_that_is_young() -> None:
    class Full(FakeShelf):
        full = True

        def put(self, level: int, blocks: object) -> None:
            if self.full:
                raise Unavailable("store", what="database", reason="disk_full")
            super().put(level, blocks)  # type: ignore[arg-type]

    shelf = Full()
    series = Series(shelf)
    series.add([disk(START, 1.0)], START)
    with pytest.raises(Unavailable):
        series.keep(START + 100)
    shelf.full = False
    series.add([disk(START + 10, 2.0)], START + 100)
    kept(series, START + 100)
    assert curve(Series(shelf), 0, START, START + 20) == [1.0, 2.0]


def test_what_is_kept_is_bounded() -> None:
    """Twenty days of one guest: no more blocks than its archives have room for."""
    blocks: set[tuple[int, int]] = set()

    class Counted(FakeShelf):
        def put(self, level: int, blocks_: list[Block]) -> None:  # type: ignore[override]
            super().put(level, blocks_)
            blocks.update((level, block.start) for block in blocks_)

    shelf = Counted()
    series = Series(shelf)
    for n in range(20 * 24 * 6):
        at = START + n * 600
        series.add([disk(at, 1.0)], at)
        kept(series, at)
        series.sweep(at)
    at = START + 20 * 86400
    left = {one for one in blocks if shelf.get(one[0], [one[1]], [1])}
    for archive in ARCHIVES:
        held = [one for one in left if one[0] == archive.level]
        assert len(held) <= archive.keep_s // archive.block_s + 2
    days = curve(series, 3, at - 19 * 86400, at - 86400)
    assert set(days) == {1.0}


def test_forgotten_is_gone_from_all_at_once() -> None:
    shelf = FakeShelf()
    series = Series(shelf)
    other = InstanceId("other")
    sampled(series, START, START + 120, lambda _: 1.0)
    series.add([disk(START + 120, 1.0), disk(START + 120, 4.0, other)], START + 120)
    kept(series, START + 200)
    series.forget([GUEST])
    assert series.read(GUEST, ARCHIVES[0], START, START + 200, ALL) == []
    assert series.instances() == {other}
    assert [point.instance_id for point in series.newest(START + 120)] == [other]


def test_newest_is_what_was_heard_within_a_minute() -> None:
    series = Series(FakeShelf())
    series.add([disk(START, 1.0)], START)
    series.add([disk(START + 10, 2.0)], START + 10)
    assert [point.values[0] for point in series.newest(START + 20)] == [2.0]
    assert series.newest(START + 120) == []
