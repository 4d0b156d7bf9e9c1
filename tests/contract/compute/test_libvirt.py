"""What is libvirt's and QEMU's own: their deaths, their confinement, their leavings."""

import os
import shutil
import signal
import threading
import uuid
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import libvirt
import msgspec
import pytest
from tests.contract.compute.rigs import LibvirtRig, seen
from tests.contract.compute.sandbox import wait_for

from kumoi.adapters.libvirt import accelerator, copies
from kumoi.adapters.libvirt.accelerator import Trial
from kumoi.contracts.compute import SeenMachine
from kumoi.core.errors import Unavailable
from kumoi.core.ids import ImageId, InstanceId
from kumoi.ops.image.build import TinyImage

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(400)]


def test_a_guest_outlives_libvirtd(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    told: list[InstanceId] = []
    rig.compute.watch(told.append)
    machine = rig.machine()
    rig.compute.start(machine, 1)
    before = seen(rig, machine.id)
    rig.box.kill_libvirtd()
    with pytest.raises(Unavailable) as dead:
        rig.compute.observe()
    assert (dead.value.layer, dead.value.facts["what"]) == ("compute", "libvirtd")
    with pytest.raises(Unavailable):
        rig.compute.stop(machine.id, hard=True)
    rig.box.start_libvirtd()
    assert seen(rig, machine.id) == before
    # Until libvirtd has found the monitor again it tells nobody of a guest's end: then only looking does.
    rig.wait_for_monitor(machine.id)
    told.clear()
    rig.kill(machine.id)
    wait_for(lambda: machine.id in told)
    wait_for(lambda: ended_by(rig, machine.id) == "crash")


def test_a_guest_that_dies_while_libvirtd_is_dead_has_crashed(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 1)
    rig.box.kill_libvirtd()
    rig.kill(machine.id)
    rig.box.start_libvirtd()
    wait_for(lambda: ended_by(rig, machine.id) == "crash")


def test_a_libvirtd_that_hangs_holds_nobody_for_ever(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    rig.compute.observe()
    os.kill(rig.box.libvirtd, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable):  # a call in flight
            rig.compute.observe()
        rig.reopen()
        with pytest.raises(Unavailable) as hung:  # a new connection
            rig.compute.observe()
        assert hung.value.facts["what"] == "libvirtd"
    finally:
        os.kill(rig.box.libvirtd, signal.SIGCONT)
    wait_for(lambda: observes(rig), 30)


def observes(rig: LibvirtRig) -> bool:
    try:
        rig.compute.observe()
    except Unavailable:
        return False
    return True


def test_an_answered_button_is_the_plans_end(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    rig.compute.stop(machine.id, hard=False)
    wait_for(lambda: ended_by(rig, machine.id) == "plan")


def test_a_reset_that_the_guest_missed_does_not_turn_its_power_off_into_a_reboot(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine(script=b"#!/bin/sh\npoweroff\n")
    rig.compute.start(machine, 1)
    rig.compute.reset(machine.id, hard=False)  # the firmware hears no button
    rig.compute.reset(machine.id, hard=True)
    wait_for(lambda: ended_by(rig, machine.id) == "guest")


def test_a_lost_record_is_read_from_the_domain(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 5)
    shutil.rmtree(rig.box.folder / "records")
    rig.reopen()
    found = seen(rig, machine.id)
    assert found is not None
    assert (found.power, found.run) == ("running", 5)


def test_a_start_that_fails_began_no_run(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 1)
    rig.compute.stop(machine.id, hard=True)
    plug = msgspec.structs.replace(machine.plugs[0], bridge="nowhere")
    with pytest.raises(Unavailable) as failed:
        rig.compute.start(msgspec.structs.replace(machine, plugs=(plug,)), 2)
    assert "nowhere" in str(failed.value.facts["detail"])
    found = seen(rig, machine.id)
    assert found is not None
    assert (found.power, found.run, found.ended_by) == ("off", 1, "plan")
    rig.compute.start(machine, 2)
    found = seen(rig, machine.id)
    assert found is not None
    assert (found.power, found.run) == ("running", 2)


def test_an_observer_never_sees_an_end_that_was_none(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.ensure(machine)
    looks: list[SeenMachine] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            looks.extend(rig.compute.observe()[0])

    thread = threading.Thread(target=look)
    thread.start()
    for run in (1, 2, 3):
        rig.compute.start(machine, run)
        rig.compute.stop(machine.id, hard=True)
    done.set()
    thread.join()
    assert {look.ended_by for look in looks} <= {"", "plan"}
    runs = [look.run for look in looks]
    assert runs == sorted(runs)


def test_qemu_is_nobody_and_listens_to_no_network(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 1)
    status = Path(f"/proc/{rig.pid(machine.id)}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    assert fields["Uid"].split() == ["47000"] * 4
    assert int(fields["CapEff"], 16) == 0
    assert fields["Seccomp"].strip() == "2"
    # State 0A is LISTEN.
    for family in ("tcp", "tcp6"):
        table = rig.box.inside("cat", f"/proc/net/{family}").splitlines()[1:]
        assert [row for row in table if row.split()[3] == "0A"] == []


def test_the_tap_stands_on_its_bridge_with_its_mtu(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 1)
    shown = rig.box.inside("ip", "-d", "link", "show", "dev", machine.plugs[0].tap)
    assert "mtu 1450" in shown
    assert "master br-test" in shown
    rig.compute.stop(machine.id, hard=True)
    assert machine.plugs[0].tap not in rig.box.inside("ip", "-br", "link")


def test_a_nic_is_found_where_it_was_before_the_reboot(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine, more = rig.machine(), rig.plug(2)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    rig.compute.attach_nic(machine.id, more)
    live = places(rig, machine.id)
    rig.compute.reset(machine.id, hard=True)
    assert places(rig, machine.id) == live
    machine = msgspec.structs.replace(machine, plugs=(*machine.plugs, more))
    rig.compute.stop(machine.id, hard=True)
    rig.compute.start(machine, 2)
    assert places(rig, machine.id) == live


def places(rig: LibvirtRig, instance: InstanceId) -> dict[str, str]:
    """MAC → slot on the bus, as the machine is now."""
    domain = libvirt.open(rig.box.uri).lookupByUUIDString(instance)
    found = ElementTree.fromstring(domain.XMLDesc()).iter("interface")
    return {nic.find("mac").attrib["address"]: nic.find("address").attrib["slot"] for nic in found}


def test_a_guest_that_cannot_hear_keeps_its_nic_until_it_can(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine, more = rig.machine(), rig.plug(1)
    rig.compute.start(machine, 1)
    rig.compute.attach_nic(machine.id, more)
    rig.compute.detach_nic(machine.id, more.tap)  # the firmware does not
    found = seen(rig, machine.id)
    assert found is not None
    assert more.tap in found.taps
    rig.wait_up(machine.id)

    def gone() -> bool:
        rig.compute.detach_nic(machine.id, more.tap)
        now = seen(rig, machine.id)
        return now is not None and more.tap not in now.taps

    wait_for(gone)


def test_the_trial_boots_the_tiny_kernel_as_qemus_own_user(libvirt_rig: LibvirtRig, tiny: TinyImage) -> None:
    trial = Trial(emulator="/usr/bin/qemu-system-x86_64", kernel=str(tiny.kernel), uid=47000, gid=47000)
    assert accelerator.boots(trial, "tcg", limit_s=180)
    assert not accelerator.is_listed(libvirt_rig.box.uri)  # the sandbox has no /dev/kvm


def test_remove_leaves_nothing(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 1)
    assert leavings(rig, machine.id)
    rig.compute.remove(machine.id)
    rig.storage.remove_root(machine.id)
    assert leavings(rig, machine.id) == []


def leavings(rig: LibvirtRig, instance: InstanceId) -> list[Path]:
    """Everything in the sandbox whose name or text has the instance's id; the daemon's own log aside."""
    files = [p for p in rig.box.folder.rglob("*") if "logs" not in p.parts]
    return [
        p
        for p in files
        if instance in p.name or (p.is_file() and p.stat().st_size < 1 << 20 and instance.encode() in p.read_bytes())
    ]


def ended_by(rig: LibvirtRig, instance: InstanceId) -> str:
    found = seen(rig, instance)
    return "missing" if found is None else found.ended_by


def test_nobody_else_reaches_a_guests_consoles(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 1)
    line = rig.box.folder / "serials" / machine.id
    assert line.is_socket()
    assert (line.stat().st_mode & 0o777, line.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert rig.box.inside("ss", "-Hlnt") == ""
    # What listens for this guest: its monitor, its guest agent, its serial line, and no screen.
    with rig.compute.open_console(machine.id, "vnc"):
        listening = rig.box.inside("ss", "-Hlnx")
    assert {Path(word).name for word in listening.split() if machine.id[:13] in word} == {
        "monitor.sock", "org.qemu.guest_agent.0", machine.id,
    }  # fmt: skip


def test_what_the_guest_wrote_is_in_the_copy(libvirt_rig: LibvirtRig) -> None:
    rig, image = libvirt_rig, ImageId(str(uuid.uuid4()))
    written = b"the guest was here"
    machine = rig.machine(script=b"#!/bin/sh\nprintf '%s' | dd of=/dev/vda bs=1M seek=900 && sync\n" % written)
    rig.compute.start(machine, 1)
    wait_for(lambda: b"user-data exit 0" in rig.compute.console(machine.id, 1 << 20), 180)
    rig.storage.copy_root(machine.id, image, partial(rig.compute.copy_disk, machine.id))
    assert written in b"".join(rig.storage.read_copy(image))
    rig.storage.drop_copy(image)


def test_a_copy_that_was_begun_and_forgotten_is_given_up_and_made_anew(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine = rig.machine()
    rig.compute.start(machine, 1)
    domain = libvirt.open(rig.box.uri).lookupByUUIDString(machine.id)

    def died(disk: str, target: str) -> None:
        copies.begin(domain, disk, target)
        raise Unavailable("host", what="agent")

    for _ in range(2):
        with pytest.raises(Unavailable):
            rig.storage.copy_root(machine.id, ImageId(str(uuid.uuid4())), died)
    image = ImageId(str(uuid.uuid4()))
    rig.storage.copy_root(machine.id, image, partial(rig.compute.copy_disk, machine.id))
    assert rig.storage.observe_copies() == {image: machine.id}
    rig.storage.drop_copy(image)


def test_a_guest_that_dies_beneath_its_copy_leaves_none(libvirt_rig: LibvirtRig) -> None:
    rig, image = libvirt_rig, ImageId(str(uuid.uuid4()))
    machine = rig.machine()
    rig.compute.start(machine, 1)
    domain = libvirt.open(rig.box.uri).lookupByUUIDString(machine.id)

    def dies(disk: str, target: str) -> None:
        name = copies.begin(domain, disk, target)
        rig.kill(machine.id)
        wait_for(lambda: ended_by(rig, machine.id) == "crash")
        copies.wait(domain, name)

    with pytest.raises(Unavailable):
        rig.storage.copy_root(machine.id, image, dies)
    assert rig.storage.observe_copies() == {}
    rig.storage.copy_root(machine.id, image, None)  # what it left on its disk is there
    assert rig.storage.observe_copies() == {image: machine.id}
    rig.storage.drop_copy(image)


def test_a_copy_is_made_after_libvirtd_died_over_another_one(libvirt_rig: LibvirtRig) -> None:
    rig, image = libvirt_rig, ImageId(str(uuid.uuid4()))
    machine = rig.machine()
    rig.compute.start(machine, 1)

    def dies(disk: str, target: str) -> None:
        name = copies.begin(libvirt.open(rig.box.uri).lookupByUUIDString(machine.id), disk, target)
        rig.box.kill_libvirtd()
        rig.box.start_libvirtd()
        rig.wait_for_monitor(machine.id)
        raise Unavailable("compute", what=name)

    with pytest.raises(Unavailable):
        rig.storage.copy_root(machine.id, image, dies)
    rig.reopen()
    rig.storage.copy_root(machine.id, image, partial(rig.compute.copy_disk, machine.id))
    assert rig.storage.observe_copies() == {image: machine.id}
    found = seen(rig, machine.id)
    assert found is not None
    assert found.power == "running"
    rig.storage.drop_copy(image)
