"""The compute contract, the same for every driver."""

import uuid
from functools import partial

import pytest
from tests.contract.compute.rigs import Rig, seen
from tests.contract.compute.sandbox import wait_for

from kumoi.adapters.storage import image_headers
from kumoi.core.errors import WrongState
from kumoi.core.ids import ImageId, InstanceId


def power(rig: Rig, instance: InstanceId) -> str:
    found = seen(rig, instance)
    return "missing" if found is None else found.power


def ended(rig: Rig, instance: InstanceId) -> tuple[int, str]:
    found = seen(rig, instance)
    assert found is not None
    assert found.power == "off"
    return found.run, found.ended_by


def test_defined_is_seen_as_off_and_never_run(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.ensure(machine)
    assert ended(rig, machine.id) == (0, "")
    assert rig.compute.console(machine.id, 100) == b""


def test_start_runs_once_and_stop_is_the_plans(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    first = seen(rig, machine.id)
    assert first is not None
    assert (first.power, first.run, first.ended_by) == ("running", 1, "")
    assert first.pid > 0
    rig.compute.start(machine, 1)
    assert seen(rig, machine.id) == first
    rig.compute.stop(machine.id, hard=True)
    rig.compute.stop(machine.id, hard=True)
    assert ended(rig, machine.id) == (1, "plan")


def test_a_new_process_knows_which_run_goes_on_and_how_it_ended(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 2)
    before = seen(rig, machine.id)
    rig.reopen()
    assert seen(rig, machine.id) == before
    rig.compute.stop(machine.id, hard=True)
    rig.reopen()
    assert ended(rig, machine.id) == (2, "plan")


def test_a_start_with_a_later_number_while_running_takes_the_number(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.compute.start(machine, 2)
    found = seen(rig, machine.id)
    assert found is not None
    assert (found.power, found.run) == ("running", 2)


def test_a_killed_machine_has_crashed_and_may_run_again(rig: Rig) -> None:
    machine = rig.machine()
    told: list[InstanceId] = []
    rig.compute.watch(told.append)
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    told.clear()
    rig.kill(machine.id)
    wait_for(lambda: machine.id in told)
    wait_for(lambda: power(rig, machine.id) == "off")
    assert ended(rig, machine.id) == (1, "crash")
    rig.compute.start(machine, 1)
    found = seen(rig, machine.id)
    assert found is not None
    assert (found.power, found.run, found.ended_by) == ("running", 1, "")


def test_a_lost_host_is_nobodys_crash(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.reopen(new_ground=True)
    wait_for(lambda: power(rig, machine.id) == "off")
    assert ended(rig, machine.id) == (1, "host")
    rig.compute.start(machine, 1)
    assert power(rig, machine.id) == "running"


def test_the_guests_own_power_off(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    assert len(rig.compute.console(machine.id, 1 << 20)) > 10
    assert len(rig.compute.console(machine.id, 10)) == 10
    rig.power_off_inside(machine.id)
    wait_for(lambda: power(rig, machine.id) == "off")
    assert ended(rig, machine.id) == (1, "guest")


def test_the_button_is_answered_and_the_end_is_no_crash(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    rig.compute.stop(machine.id, hard=False)
    rig.compute.stop(machine.id, hard=False)
    wait_for(lambda: power(rig, machine.id) == "off")
    # A hypervisor that cannot tell may say that the guest ended itself.
    assert ended(rig, machine.id) in {(1, "plan"), (1, "guest")}


def test_a_hard_reset_begins_anew_at_once_and_ends_no_run(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    before = resets(rig, machine.id)
    for _ in range(3):  # also while the firmware of the one before is at work
        rig.compute.reset(machine.id, hard=True)
    wait_for(lambda: resets(rig, machine.id) >= before + 3)
    rig.wait_up(machine.id)
    found = seen(rig, machine.id)
    assert found is not None
    assert (found.power, found.run, found.ended_by) == ("running", 1, "")


def test_a_soft_reset_is_seen_when_the_guest_begins_anew(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    before = resets(rig, machine.id)
    rig.compute.reset(machine.id, hard=False)
    wait_for(lambda: resets(rig, machine.id) > before)
    rig.wait_up(machine.id)
    found = seen(rig, machine.id)
    assert found is not None
    assert (found.power, found.run, found.ended_by) == ("running", 1, "")


def resets(rig: Rig, instance: InstanceId) -> int:
    found = seen(rig, instance)
    assert found is not None
    return found.resets


def test_what_is_off_or_absent_cannot_be_reset(rig: Rig) -> None:
    machine = rig.machine()
    with pytest.raises(WrongState) as missing:
        rig.compute.reset(machine.id, hard=True)
    assert missing.value.facts["status"] == "missing"
    rig.compute.ensure(machine)
    with pytest.raises(WrongState) as off:
        rig.compute.reset(machine.id, hard=False)
    assert off.value.facts["status"] == "off"


def test_what_is_paused_stands_still_in_its_run_and_goes_on(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    for verb in (rig.compute.pause, rig.compute.resume, rig.compute.suspend):
        with pytest.raises(WrongState):
            verb(machine.id)
    rig.compute.start(machine, 1)
    for verb, expected in ((rig.compute.pause, "paused"), (rig.compute.resume, "running")):
        for _ in range(2):
            verb(machine.id)
            assert power(rig, machine.id) == expected
    rig.compute.pause(machine.id)
    rig.compute.stop(machine.id, hard=True)
    assert ended(rig, machine.id) == (1, "plan")


def test_what_is_suspended_outlives_its_host_and_goes_on_in_its_run(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    before = len(rig.compute.console(machine.id, 1 << 20))
    for _ in range(2):
        rig.compute.suspend(machine.id)
        found = seen(rig, machine.id)
        assert found is not None
        assert (found.power, found.run, found.ended_by, found.taps) == ("suspended", 1, "", frozenset())
    rig.reopen(new_ground=True)
    assert power(rig, machine.id) == "suspended"
    rig.compute.start(machine, 1)
    found = seen(rig, machine.id)
    assert found is not None
    assert (found.power, found.run, found.ended_by) == ("running", 1, "")
    # It did not boot again.
    assert len(rig.compute.console(machine.id, 1 << 20)) <= before + 100
    rig.compute.suspend(machine.id)
    rig.compute.stop(machine.id, hard=True)
    assert ended(rig, machine.id) == (1, "plan")
    rig.compute.start(machine, 2)
    assert power(rig, machine.id) == "running"


def test_a_rescued_machine_boots_the_other_disk(rig: Rig) -> None:
    machine = rig.rescued(rig.machine())
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    assert power(rig, machine.id) == "running"


def test_nics_come_and_go_while_it_runs_and_stay_what_they_were(rig: Rig) -> None:
    machine, more = rig.machine(), rig.plug(3)
    first = {plug.tap for plug in machine.plugs}
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    assert taps(rig, machine.id) == first
    for _ in range(2):
        rig.compute.attach_nic(machine.id, more)
        assert taps(rig, machine.id) == {*first, more.tap}
    rig.compute.reset(machine.id, hard=True)
    assert taps(rig, machine.id) == {*first, more.tap}
    rig.wait_up(machine.id)
    told: list[InstanceId] = []
    rig.compute.watch(told.append)
    for _ in range(2):
        rig.compute.detach_nic(machine.id, more.tap)
    wait_for(lambda: taps(rig, machine.id) == first)
    rig.compute.detach_nic(machine.id, more.tap)
    rig.compute.attach_nic(machine.id, more)
    assert taps(rig, machine.id) == {*first, more.tap}


def test_a_nic_that_went_does_not_come_back_with_the_next_start(rig: Rig) -> None:
    machine, more = rig.machine(), rig.plug(1)
    first = {plug.tap for plug in machine.plugs}
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.compute.attach_nic(machine.id, more)
    rig.compute.detach_nic(machine.id, more.tap)
    rig.compute.reset(machine.id, hard=True)
    assert taps(rig, machine.id) == first


def test_only_what_runs_takes_a_nic(rig: Rig) -> None:
    machine, more = rig.machine(), rig.plug(1)
    for status in ("missing", "off"):
        with pytest.raises(WrongState) as refused:
            rig.compute.attach_nic(machine.id, more)
        assert refused.value.facts["status"] == status
        rig.compute.detach_nic(machine.id, more.tap)
        rig.compute.ensure(machine)
    assert taps(rig, machine.id) == set()


def taps(rig: Rig, instance: InstanceId) -> frozenset[str]:
    found = seen(rig, instance)
    assert found is not None
    return found.taps


def test_stopping_and_removing_what_is_not_there_is_harmless(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.stop(machine.id, hard=False)
    rig.compute.stop(machine.id, hard=True)
    rig.compute.remove(machine.id)
    assert power(rig, machine.id) == "missing"


def test_remove_ends_what_runs_and_forgets_it(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.compute.remove(machine.id)
    rig.compute.remove(machine.id)
    assert power(rig, machine.id) == "missing"
    assert rig.compute.console(machine.id, 100) == b""
    rig.compute.ensure(machine)
    assert ended(rig, machine.id) == (0, "")


def test_strangers_are_told_by_name(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    name = rig.stranger()
    machines, strays = rig.compute.observe()
    assert [m.id for m in machines] == [machine.id]
    assert strays == [name]


def test_a_disk_is_copied_beneath_a_guest_that_goes_on(rig: Rig) -> None:
    machine, image = rig.machine(), ImageId(str(uuid.uuid4()))
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    before = seen(rig, machine.id)
    rig.storage.copy_root(machine.id, image, partial(rig.compute.copy_disk, machine.id))
    assert rig.storage.observe_copies()[image] == machine.id
    assert seen(rig, machine.id) == before
    data = b"".join(rig.storage.read_copy(image))
    virtual = image_headers.virtual_bytes_of_qcow2(lambda at, length: data[at : at + length], len(data))
    assert virtual == 1 << 30  # as large as its own, and on nothing else
    rig.compute.pause(machine.id)
    other = ImageId(str(uuid.uuid4()))
    rig.storage.copy_root(machine.id, other, partial(rig.compute.copy_disk, machine.id))
    assert power(rig, machine.id) == "paused"
    for one in (image, other):
        rig.storage.drop_copy(one)


def test_nothing_is_copied_by_a_machine_that_is_off(rig: Rig) -> None:
    machine, image = rig.machine(), ImageId(str(uuid.uuid4()))
    rig.compute.ensure(machine)
    with pytest.raises(WrongState):
        rig.storage.copy_root(machine.id, image, partial(rig.compute.copy_disk, machine.id))
    assert image not in rig.storage.observe_copies()


def test_an_interrupt_is_for_what_runs(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    with pytest.raises(WrongState):
        rig.compute.interrupt(machine.id)
    rig.compute.start(machine, 1)
    rig.compute.interrupt(machine.id)
    assert power(rig, machine.id) == "running"


def test_a_password_needs_somebody_in_the_guest(rig: Rig) -> None:
    """And who stands still does not answer."""
    machine = rig.machine()
    rig.compute.ensure(machine)
    with pytest.raises(WrongState):
        rig.compute.set_password(machine.id, "root", "secret")
    rig.compute.start(machine, 1)
    rig.compute.pause(machine.id)
    with pytest.raises(WrongState):
        rig.compute.set_password(machine.id, "root", "secret")
