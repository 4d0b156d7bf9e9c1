"""What guests use, by every hypervisor's own counters."""

import pytest
from tests.contract.compute.rigs import LibvirtRig, Rig
from tests.contract.compute.sandbox import BRIDGE, wait_for

from kumoi.core.ids import InstanceId
from kumoi.core.readings import Reading

FRAMES = 400
FRAME_BYTES = 1000
_FLOOD = f"""
import socket, struct
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("{BRIDGE}", 0))
head = b"\\xff" * 6 + bytes.fromhex("525400aaaaaa") + struct.pack("!H", 0x88B5)
for _ in range({FRAMES}):
    wire.send(head + bytes({FRAME_BYTES - 14}))
"""


def reading(rig: Rig, instance: InstanceId) -> Reading | None:
    return next((r for r in rig.gauges.read() if r.id == instance), None)


def running(rig: Rig) -> Reading:
    """A guest that was just started, as it is seen with all that there is to see."""
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    wait_for(lambda: (found := reading(rig, machine.id)) is not None and found.memory is not None)
    found = reading(rig, machine.id)
    assert found is not None
    return found


def test_only_what_runs_is_read(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.stranger()
    assert rig.gauges.read() == []
    rig.compute.start(machine, 1)
    wait_for(lambda: [r.id for r in rig.gauges.read()] == [machine.id])
    rig.compute.stop(machine.id, hard=True)
    assert rig.gauges.read() == []


def test_counters_rise_while_it_runs_and_begin_anew_with_it(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    first = reading(rig, machine.id)
    assert first is not None
    assert len(first.vcpus_ns) == machine.vcpus
    wait_for(lambda: (r := reading(rig, machine.id)) is not None and r.cpu_ns > first.cpu_ns + 1_000_000)
    later = reading(rig, machine.id)
    assert later is not None
    assert later.disks[0].device == "vda"
    assert later.disks[0].read_bytes >= max(1, first.disks[0].read_bytes)
    rig.compute.stop(machine.id, hard=True)
    rig.compute.start(machine, 2)
    anew = reading(rig, machine.id)
    assert anew is not None
    assert anew.cpu_ns < later.cpu_ns


def test_memory_is_what_the_guest_was_given_and_takes(rig: Rig) -> None:
    found = running(rig)
    assert found.memory is not None
    assert found.memory.actual == 128 << 20
    assert 0 < found.memory.resident < 2048 << 20


def test_a_guest_with_a_balloon_driver_tells_what_it_uses(rig: Rig) -> None:
    found = running(rig)
    rig.wait_up(found.id)
    wait_for(lambda: (r := reading(rig, found.id)) is not None and r.memory is not None and bool(r.memory.used))
    later = reading(rig, found.id)
    assert later is not None
    assert later.memory is not None
    assert later.memory.available is not None
    assert later.memory.used is not None
    assert 0 < later.memory.used < later.memory.available <= later.memory.actual


def test_nics_are_named_by_their_taps(rig: Rig) -> None:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    wait_for(lambda: (r := reading(rig, machine.id)) is not None and bool(r.nics))
    found = reading(rig, machine.id)
    assert found is not None
    assert [nic.tap for nic in found.nics] == [plug.tap for plug in machine.plugs]


@pytest.mark.guest
@pytest.mark.root
@pytest.mark.timeout(400)
def test_what_the_guest_receives_is_received(libvirt_rig: LibvirtRig) -> None:
    """The kernel counts a frame that goes into a tap as sent; to the guest it is received."""
    rig = libvirt_rig
    before = running(rig).nics[0]

    def received() -> bool:
        # A new port of a bridge learns for some seconds before it forwards.
        rig.box.inside("python3", "-c", _FLOOD)
        now = rig.gauges.read()[0].nics[0]
        return now.rx_bytes - before.rx_bytes + now.rx_drops * FRAME_BYTES >= FRAMES * FRAME_BYTES

    wait_for(received)
    after = rig.gauges.read()[0].nics[0]
    assert after.tx_bytes - before.tx_bytes < FRAMES * FRAME_BYTES / 2
