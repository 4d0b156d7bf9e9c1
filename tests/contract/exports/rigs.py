"""What the suite of exports needs of a driver's world: volumes behind it, and an initiator that reaches for them."""

import os
import shutil
import socket
import stat
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from kumoi.adapters.fake.exports import FakeExporter, Wire
from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import World
from kumoi.adapters.storage.files import FileStorage
from kumoi.adapters.storage.iscsi.exporter import IscsiExporter
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.adapters.storage.volume_files import FileVolumePool
from kumoi.adapters.system import SystemClock
from kumoi.contracts.exports import Exporter
from kumoi.contracts.volumes import VolumePool
from kumoi.core.disks import Export, Remote, VolumeEntry
from kumoi.core.errors import Unavailable
from kumoi.core.exports import LUN, target_name
from kumoi.core.ids import AttachmentId, InstanceId, VolumeId

QEMU = Owner(uid=47000, gid=47000)
GUEST = InstanceId("guest")


class Rig(Protocol):
    """`exporter` is the driver under test, `pool` what it exports of. `portal`: where it is reached."""

    exporter: Exporter
    pool: VolumePool
    portal: str

    def reaches(self, remote: Remote, volume: VolumeId) -> bool:
        """Whether an initiator that shows this is let in, and reads."""
        ...

    def die(self) -> None:
        """Whatever serves, at once."""
        ...

    def reopen(self) -> None:
        """As a new process of the agent has it."""
        ...

    def close(self) -> None: ...


class FakeRig:
    def __init__(self) -> None:
        self.world, self.wire, self.portal = World(SystemClock()), Wire(), "host:3260"
        self.pool: VolumePool = FakeVolumePool(self.world)
        self._fake = FakeExporter(self.world, self.wire, self.portal)
        self.exporter: Exporter = self._fake

    def reaches(self, remote: Remote, volume: VolumeId) -> bool:
        try:
            self.wire.log_in(remote, volume, GUEST)
        except Unavailable:
            return False
        return True

    def die(self) -> None:
        self._fake.die()

    def reopen(self) -> None:
        """Nothing of it is the process'."""

    def close(self) -> None: ...


class TgtRig:
    """Files exported by tgtd, reached for by QEMU's own initiator."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="kumoi-"))  # a short path, which QEMU's uid may pass
        self._root.chmod(0o711)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.portal = f"127.0.0.1:{free.getsockname()[1]}"
        node = self._root / "fuse"  # the machine's may be closed to all but root, as a cloud's own is not
        os.mknod(node, stat.S_IFCHR | 0o666, os.stat("/dev/fuse").st_rdev)
        node.chmod(0o666)
        self._inside = ("unshare", "--mount", "sh", "-c", f'mount --bind {node} /dev/fuse; exec "$@"', "inside")
        images = self._root / "images"
        self.pool: VolumePool = FileVolumePool(images / "volumes", FileStorage(images, QEMU).layers, QEMU)
        self._folder = self._root / "x"
        self.reopen()

    def reopen(self) -> None:
        self.tgt = IscsiExporter(self._folder, self.portal, QEMU, self._inside)
        self.exporter: Exporter = self.tgt

    def reaches(self, remote: Remote, volume: VolumeId) -> bool:
        return self.io(remote, "read 0 512").returncode == 0

    def io(self, remote: Remote, *commands: str) -> subprocess.CompletedProcess[str]:
        words = [word for command in commands for word in ("-c", command)]
        image = (
            f"driver=iscsi,transport=tcp,portal={remote.portal},target={remote.target},lun={remote.lun},"
            f"user={remote.user},password-secret=s,initiator-name={remote.initiator}"
        )
        command = ["qemu-io", "--object", f"secret,id=s,data={remote.secret}", "--image-opts", image, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def at_home(self, volume: VolumeId, *commands: str) -> subprocess.CompletedProcess[str]:
        """What somebody does with the volume's own file."""
        words = [word for command in commands for word in ("-c", command)]
        command = ["qemu-io", "-f", "qcow2", *words, self.pool.handle(volume)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def die(self) -> None:
        self.tgt.cell.kill()

    def close(self) -> None:
        self.tgt.cell.kill()
        shutil.rmtree(self._root)


def rig(kind: str) -> Iterator[Rig]:
    made: Rig = FakeRig() if kind == "fake" else TgtRig()
    yield made
    made.close()


def new_volume(rig: Rig) -> VolumeId:
    volume = VolumeId(str(uuid.uuid4()))
    rig.pool.ensure_volume(VolumeEntry(id=volume, pool="files", size_gib=1), _nothing)
    return volume


def export(host: str = "host-b", secret: str = "0123456789abcdef0123456789abcdef") -> Export:
    made = AttachmentId(str(uuid.uuid4()))
    return Export(attachment_id=made, initiator=f"iqn.2026-01.cloud.kumoi:{host}", user=f"{made}-{host}", secret=secret)


def other_end(rig: Rig, volume: VolumeId, one: Export) -> Remote:
    return Remote(
        portal=rig.portal,
        target=target_name(volume),
        lun=LUN,
        initiator=one.initiator,
        user=one.user,
        secret=one.secret,
        open=True,
    )


def _nothing(_: str) -> Iterator[bytes]:
    yield from ()
