"""A guest has a volume by iSCSI, as another host's: what exports it is killed while it writes, and nothing is lost."""

import os
import stat
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from tests.contract.compute.rigs import QEMU, LibvirtRig
from tests.contract.compute.sandbox import wait_for
from tests.contract.compute.test_disks import volumes
from tests.contract.exports.rigs import export

from kumoi.adapters.storage.iscsi.exporter import IscsiExporter
from kumoi.contracts.compute import MachineDisk
from kumoi.core.disks import Export, Remote
from kumoi.core.errors import Unavailable
from kumoi.core.exports import LUN, target_name

PORTAL = "127.0.0.1:3260"  # of the sandbox
SLOT = 2
WRITES = b"""#!/bin/sh
until [ -b /dev/vdb ]; do sleep 1; done
dd if=/dev/urandom of=/tmp/all bs=64k count=16
for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    dd if=/tmp/all of=/dev/vdb bs=64k skip=$n seek=$((n + 1)) count=1 conv=notrunc,fsync || exit 1
    [ $n != 3 ] || echo "it is WRITTEN" > /dev/console
    sleep 0.5
done
echo 3 > /proc/sys/vm/drop_caches
dd if=/dev/vdb bs=64k skip=1 count=16 | cmp - /tmp/all || exit 1
printf "all of %s" $(cat /sys/block/vdb/serial) | dd of=/dev/vdb bs=512 conv=notrunc,fsync
"""


@pytest.fixture
def exporter(libvirt_rig: LibvirtRig) -> Iterator[IscsiExporter]:
    box = libvirt_rig.box
    node = box.folder / "fuse"
    if not node.exists():
        os.mknod(node, stat.S_IFCHR | 0o666, os.stat("/dev/fuse").st_rdev)
        node.chmod(0o666)
    enter = ("nsenter", "-t", str(box.holder.pid), "-n", "-m", "unshare", "--mount", "sh", "-c")
    inside = (*enter, f'mount --bind {node} /dev/fuse; exec "$@"', "inside")
    made = IscsiExporter(box.folder / "exports", PORTAL, QEMU, inside)
    yield made
    made.cell.kill()


def reached(disk: MachineDisk, one: Export) -> MachineDisk:
    remote = Remote(
        portal=PORTAL,
        target=target_name(disk.volume_id),
        lun=LUN,
        initiator=one.initiator,
        user=one.user,
        secret=one.secret,
        open=True,
    )
    return replace(disk, handle="", remote=remote)


@pytest.mark.guest
@pytest.mark.root
@pytest.mark.timeout(400)
def test_a_guest_goes_on_writing_when_what_exports_its_volume_is_killed(
    libvirt_rig: LibvirtRig, exporter: IscsiExporter
) -> None:
    rig, one = libvirt_rig, export()
    machine, kept = rig.machine(script=WRITES), rig.disk(SLOT)
    disk = reached(kept, one)
    rig.compute.start(machine, 1)
    wait_for(lambda: b" rootfs " in rig.compute.console(machine.id, 1 << 20))
    with pytest.raises(Unavailable):
        rig.compute.attach_disk(machine.id, disk)  # nobody is there
    exporter.offer(kept.volume_id, kept.handle, [one])
    with pytest.raises(Unavailable):
        rig.compute.attach_disk(machine.id, reached(kept, replace(one, secret="f" * 32)))
    for _ in range(2):
        rig.compute.attach_disk(machine.id, disk)
        assert volumes(rig, machine.id) == {kept.volume_id}
    wait_for(lambda: b"it is WRITTEN" in rig.compute.console(machine.id, 1 << 20))
    exporter.cell.kill()
    exporter.offer(kept.volume_id, kept.handle, [one])
    wait_for(lambda: b"user-data exit" in rig.compute.console(machine.id, 1 << 20))
    assert b"user-data exit 0" in rig.compute.console(machine.id, 1 << 20)
    for _ in range(2):
        rig.compute.detach_disk(machine.id, kept.volume_id)
    wait_for(lambda: volumes(rig, machine.id) == set())
    exporter.offer(kept.volume_id, "", [])
    assert rig.content(kept.volume_id).startswith(b"all of " + kept.volume_id[:20].encode())
    rig.compute.stop(machine.id, hard=True)


@pytest.mark.guest
@pytest.mark.root
@pytest.mark.timeout(400)
def test_a_guest_is_started_with_it_after_libvirtd_forgot_its_secret(
    libvirt_rig: LibvirtRig, exporter: IscsiExporter
) -> None:
    rig, one = libvirt_rig, export()
    kept = rig.disk(SLOT, layers=(rig.layer,))
    disk = replace(reached(kept, one), boot=True)
    exporter.offer(kept.volume_id, kept.handle, [one])
    machine = replace(rig.machine(), disk="", volumes=(disk,))
    rig.compute.ensure(machine)
    rig.box.kill_libvirtd()
    rig.box.start_libvirtd()
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    assert volumes(rig, machine.id) == {kept.volume_id}
    rig.compute.stop(machine.id, hard=True)
