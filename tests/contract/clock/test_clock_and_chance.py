"""Time and chance: the machine's own, and those that tests can hold in their hands."""

import time
import uuid

import pytest

from kumoi.adapters.fake.chance import FakeChance
from kumoi.adapters.fake.clock import FakeClock
from kumoi.adapters.system import SystemChance, SystemClock
from kumoi.contracts.chance import Chance
from kumoi.contracts.clock import Clock


@pytest.fixture(params=[SystemClock, FakeClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


@pytest.fixture(params=[SystemChance, FakeChance])
def chance(request: pytest.FixtureRequest) -> Chance:
    made: Chance = request.param()
    return made


def test_sleeping_moves_both_times_on(clock: Clock) -> None:
    wall, steady = clock.now(), clock.monotonic()
    clock.sleep(0.002)
    assert clock.monotonic() - steady >= 0.001
    assert clock.now() > wall
    clock.sleep(-1.0)  # in the past already


def test_the_machines_clock_is_the_machines() -> None:
    before = time.time()
    assert before <= SystemClock().now() <= time.time()


def test_the_fake_clock_stands_still_until_told() -> None:
    clock = FakeClock(start=1_700_000_000.0)
    assert [clock.now(), clock.now()] == [1_700_000_000.0] * 2
    clock.advance(60.0)
    assert clock.now() == 1_700_000_060.0


def test_ids_are_random_uuids(chance: Chance) -> None:
    ids = {chance.uuid() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(uuid.UUID(one).version == 4 and str(uuid.UUID(one)) == one for one in ids)


def test_picks_and_secrets_are_of_their_size(chance: Chance) -> None:
    assert {chance.below(3) for _ in range(200)} == {0, 1, 2}
    assert chance.below(1) == 0
    assert [len(chance.secret(n)) for n in (0, 1, 32)] == [0, 1, 32]


def test_fake_chance_can_be_repeated() -> None:
    assert FakeChance(7).uuid() == FakeChance(7).uuid() != FakeChance(8).uuid()
