"""The compute contract's part on volumes, the same for every driver; and what a real guest sees and writes."""

import uuid
from functools import partial

import pytest
from msgspec.structs import replace
from tests.contract.compute.rigs import LibvirtRig, Rig, seen
from tests.contract.compute.sandbox import wait_for

from kumoi.contracts.compute import MachineDisk
from kumoi.core.disks import SnapshotEntry, VolumeEntry
from kumoi.core.errors import NotFound, WrongState
from kumoi.core.ids import InstanceId, SnapshotId, VolumeId


def snapshot(of: MachineDisk) -> SnapshotEntry:
    return SnapshotEntry(id=SnapshotId(str(uuid.uuid4())), volume_id=of.volume_id, pool="files")


def volumes(rig: Rig, instance: InstanceId) -> frozenset[VolumeId]:
    found = seen(rig, instance)
    assert found is not None
    return found.volumes


def test_volumes_come_and_go_while_it_runs_and_stay_what_they_were(rig: Rig) -> None:
    first, more = rig.disk(0), rig.disk(30)
    machine = replace(rig.machine(), volumes=(first,))
    rig.compute.ensure(machine)
    assert volumes(rig, machine.id) == set()
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    assert volumes(rig, machine.id) == {first.volume_id}
    for _ in range(2):
        rig.compute.attach_disk(machine.id, more)
        assert volumes(rig, machine.id) == {first.volume_id, more.volume_id}
    for _ in range(2):
        rig.compute.detach_disk(machine.id, first.volume_id)
    wait_for(lambda: volumes(rig, machine.id) == {more.volume_id})
    rig.compute.detach_disk(machine.id, first.volume_id)
    rig.compute.suspend(machine.id)
    assert volumes(rig, machine.id) == {more.volume_id}, "it goes on with it"
    rig.compute.start(machine, 1)
    rig.compute.stop(machine.id, hard=True)
    assert volumes(rig, machine.id) == set()


def test_volumes_are_frozen_beneath_a_guest_that_goes_on(rig: Rig) -> None:
    one, two = rig.disk(0), rig.disk(1)
    machine = replace(rig.machine(), volumes=(one, two))
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    before = seen(rig, machine.id)
    both = [snapshot(one), snapshot(two)]
    for _ in range(2):
        rig.pool.freeze(both, partial(rig.compute.freeze_disks, machine.id))
        rig.compute.freeze_disks(machine.id, {d.volume_id: rig.pool.handle(d.volume_id) for d in (one, two)})
    assert {s.id for s in both} <= set(rig.pool.observe().snapshots)
    assert seen(rig, machine.id) == before
    rig.compute.resize_disk(machine.id, one.volume_id, 3)
    assert rig.pool.observe().volumes[one.volume_id].size_gib == 3
    again = snapshot(one)
    rig.pool.freeze([again], partial(rig.compute.freeze_disks, machine.id))
    assert rig.pool.observe().snapshots[again.id].size_gib == 3
    rig.compute.stop(machine.id, hard=True)


def test_only_what_runs_takes_a_volume(rig: Rig) -> None:
    machine, more = rig.machine(), rig.disk(1)
    for status in ("missing", "off"):
        for act in (
            partial(rig.compute.attach_disk, machine.id, more),
            partial(rig.compute.resize_disk, machine.id, more.volume_id, 2),
            partial(rig.compute.freeze_disks, machine.id, {more.volume_id: more.handle}),
            partial(rig.compute.flatten_disk, machine.id, more.volume_id),
        ):
            with pytest.raises(WrongState) as refused:
                act()
            assert refused.value.facts["status"] == status
        rig.compute.detach_disk(machine.id, more.volume_id)
        rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    with pytest.raises(NotFound):
        rig.compute.resize_disk(machine.id, more.volume_id, 2)


WRITES = b"""#!/bin/sh
until [ -b /dev/vdb ]; do sleep 1; done
printf "first of %s" $(cat /sys/block/vdb/serial) | dd of=/dev/vdb bs=512 conv=notrunc && sync
echo "it is WRITTEN" > /dev/console
until [ $(cat /sys/block/vdb/size) = 4194304 ]; do sleep 1; done
printf "second" | dd of=/dev/vdb bs=512 conv=notrunc && sync
"""


def test_what_a_guest_writes_is_frozen_and_what_it_writes_then_is_not(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    machine, disk = rig.machine(script=WRITES), rig.disk(2)
    rig.compute.start(machine, 1)
    wait_for(lambda: b" rootfs " in rig.compute.console(machine.id, 1 << 20))
    rig.compute.attach_disk(machine.id, disk)
    wait_for(lambda: b"it is WRITTEN" in rig.compute.console(machine.id, 1 << 20))
    kept = snapshot(disk)
    rig.pool.freeze([kept], partial(rig.compute.freeze_disks, machine.id))
    rig.compute.resize_disk(machine.id, disk.volume_id, 2)
    wait_for(lambda: b"user-data exit 0" in rig.compute.console(machine.id, 1 << 20))
    for _ in range(2):
        rig.pool.flatten(disk.volume_id, partial(rig.compute.flatten_disk, machine.id, disk.volume_id))
        assert rig.pool.observe().volumes[disk.volume_id].depth == 1
    rig.compute.stop(machine.id, hard=True)
    copy = VolumeEntry(id=VolumeId(str(uuid.uuid4())), pool="files", size_gib=1, snapshot_id=kept.id)
    rig.pool.ensure_volume(copy, rig.fetch)
    serial = disk.volume_id[:20].encode()
    assert rig.content(copy.id).startswith(b"first of " + serial)
    assert rig.content(disk.volume_id).startswith(b"second")


def test_a_guest_boots_from_a_volume_and_finds_it_as_it_left_it(libvirt_rig: LibvirtRig) -> None:
    rig = libvirt_rig
    disk = replace(rig.disk(0, layers=(rig.layer,)), boot=True)
    machine = replace(rig.machine(), disk="", volumes=(disk,))
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    rig.pool.freeze([snapshot(disk)], partial(rig.compute.freeze_disks, machine.id))
    rig.compute.stop(machine.id, hard=False)
    wait_for(lambda: volumes(rig, machine.id) == set())
    later = replace(machine, volumes=(replace(disk, handle=rig.pool.handle(disk.volume_id)),))
    rig.compute.ensure(later)
    rig.compute.start(later, 2)
    rig.wait_up(machine.id)
    assert volumes(rig, machine.id) == {disk.volume_id}
