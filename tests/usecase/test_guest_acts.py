"""What is done to a running guest while somebody waits: an interrupt, a password; and what stands in its way."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.adapters.fake.world import FakeMachine
from kumoi.app import events
from kumoi.app.instances import change, power, run
from kumoi.app.instances.guest_acts import ask_interrupt, ask_password, check_acted
from kumoi.app.instances.wish import RunWish
from kumoi.core.errors import Invalid, WrongState
from kumoi.core.ids import FlavorId, InstanceId


class Guest:
    """A cloud with one guest that runs."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder)
        self.cloud.settle()
        wish = RunWish(name="web", flavor_id=FlavorId("1"), image_id=self.cloud.image())
        self.id: InstanceId = run.run(self.cloud.house, self.cloud.call(), wish)[0].id
        self.cloud.settle()

    @property
    def machine(self) -> FakeMachine:
        return self.cloud.world.machines[self.id]

    def interrupt(self) -> None:
        self._done(ask_interrupt(self.cloud.house, self.cloud.call(), self.id))

    def password(self, password: str, user: str = "root") -> None:
        self._done(ask_password(self.cloud.house, self.cloud.call(), self.id, user, password))

    def _done(self, answer: "Future[bytes]") -> None:
        self.cloud.settle()
        check_acted(answer.result(0))


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    made = Guest(tmp_path)
    yield made
    made.cloud.close()


def test_both_reach_the_guest_and_are_told(guest: Guest) -> None:
    guest.interrupt()
    guest.password("s3cret")
    assert (guest.machine.interrupts, guest.machine.passwords) == (1, {"root": "s3cret"})
    told = events.of_resource(guest.cloud.house, guest.cloud.call(), "instance", guest.id)
    assert {"instance.interrupt", "instance.set_password"} <= {e.action for e in told}
    assert not any("s3cret" in str(e.facts) for e in told)


def test_a_guest_without_an_agent_is_named(guest: Guest) -> None:
    guest.cloud.world.stubborn.add(guest.id)
    with pytest.raises(WrongState) as refused:
        guest.password("s3cret")
    assert (refused.value.facts["kind"], refused.value.facts["status"]) == ("guest_agent", "silent")
    guest.interrupt()


def test_nothing_is_asked_of_what_does_not_run_or_is_locked(guest: Guest) -> None:
    change.lock(guest.cloud.house, guest.cloud.call(), guest.id, locked=True)
    with pytest.raises(WrongState):
        guest.interrupt()
    change.lock(guest.cloud.house, guest.cloud.call(), guest.id, locked=False)
    power.stop(guest.cloud.house, guest.cloud.call(), guest.id)
    guest.cloud.settle(90)
    with pytest.raises(WrongState):
        guest.interrupt()
    with pytest.raises(WrongState):
        guest.password("s3cret")
    assert guest.machine.interrupts == 0


def test_a_password_has_a_length(guest: Guest) -> None:
    for password in ("", "x" * 256):
        with pytest.raises(Invalid):
            guest.password(password)
