"""A pool of volumes in files: qcow2, each standing on what it was made of.

    FOLDER/files/ID.qcow2        as a volume was begun; QEMU's own as long as it is written
    FOLDER/files/ID.nN.qcow2     the same of its Nth content
    FOLDER/files/ID.OTHER.qcow2  what goes on upon it since the snapshot OTHER
    FOLDER/files/ID.N.….qcow2    all of it, once it stood on N files
    FOLDER/files/SHA256          an image's layer, by a name of our own
    …/.NAME.new                  being made; never counts

To freeze is to put an empty file on top, which is written from then on. It is named as the volume's before the guest is
told: an empty file shows what it stands on, so it is right whichever of the two the guest still writes. The snapshot
counts once the guest does not write beneath it any more. Files are shared by name (volume_records) and go with the last
record that names them. Libvirt must not chown (dynamic_ownership = 0), so ownership is set here.
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kumoi.adapters.storage import image_headers, qemu_img
from kumoi.adapters.storage.durable import made_whole
from kumoi.adapters.storage.layers import Layers, reader
from kumoi.adapters.storage.os_errors import translated
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.adapters.storage.volume_records import Record, Records, named
from kumoi.contracts.storage import Fetch
from kumoi.contracts.volumes import GoOn, Pull, Stock, VolumeSight
from kumoi.core.disks import SnapshotEntry, VolumeEntry
from kumoi.core.errors import Invalid, NotFound, Unavailable, Unsupported
from kumoi.core.ids import SnapshotId, VolumeId, is_uuid

LAYER: Final = "storage"
_DISK: Final = ".qcow2"
_GIB: Final = 1 << 30
_OPTIONS: Final = "extended_l2=on,cluster_size=128k"


class FileVolumePool:
    """See `contracts.volumes.VolumePool`. `folder` is the path under which QEMU too knows it, on the file system of the
    layers. Two for one folder must not be. Safe for many threads, for one volume one at a time.

    Raises Unavailable (what: space, files, qemu_img); Invalid for a file that is not what we made.
    """

    def __init__(self, folder: Path, layers: Layers, owner: Owner, program: str = "qemu-img") -> None:
        self._files = folder / "files"
        self._layers = layers
        self._owner = owner
        self._program = program
        self._lock = threading.RLock()  # of the records, and of what they name
        with translated(LAYER, "prepare"):
            for place in (folder, self._files):
                place.mkdir(parents=True, exist_ok=True)
                os.chown(place, -1, owner.gid)
                place.chmod(0o750)
            for left in (*folder.glob(".*.new"), *self._files.glob(".*.new")):  # nobody is at it any more
                left.unlink(missing_ok=True)
            self._volumes: Records[VolumeId] = Records(folder, ".volume")
            self._snapshots: Records[SnapshotId] = Records(folder, ".snapshot")
            self._collect()

    # --- volumes --------------------------------------------------------------------------------

    def ensure_volume(self, volume: VolumeEntry, fetch: Fetch) -> None:
        if not is_uuid(volume.id):
            raise Invalid(LAYER, field="id", reason="not_a_uuid", value=volume.id)
        known = self._volumes.get(volume.id)
        with translated(LAYER, "ensure_volume"):
            if known is None or known.number < volume.number:
                self._begin(volume, fetch)
            else:
                self._grow(known, volume.size_gib * _GIB)

    def handle(self, volume: VolumeId) -> str:
        known = self._known(volume)
        with translated(LAYER, "handle"):
            self._look(known.files)
        return str(self._files / known.files[0])

    def remove_volume(self, volume: VolumeId) -> None:
        with self._lock, translated(LAYER, "remove_volume"):
            self._volumes.drop(volume)
            self._collect()

    def observe(self) -> Stock:
        with translated(LAYER, "observe"):
            return Stock(
                volumes={VolumeId(v): self._sight(record) for v, record in self._volumes.all().items()},
                snapshots={SnapshotId(s): self._sight(record) for s, record in self._snapshots.all().items()},
                strays=(*self._volumes.unreadable, *self._snapshots.unreadable),
            )

    # --- snapshots ------------------------------------------------------------------------------

    def freeze(self, snapshots: Sequence[SnapshotEntry], go_on: GoOn | None) -> None:
        missing = [one for one in snapshots if self._snapshots.get(one.id) is None]
        for one in missing:
            self._known(one.volume_id)
        with translated(LAYER, "freeze"):
            for one in missing:
                self._cover(one)
            if missing and go_on is not None:
                newest = {one.volume_id: self._known(one.volume_id).files[0] for one in missing}
                go_on({volume: str(self._files / name) for volume, name in newest.items()})
            with self._lock:
                for one in missing:
                    self._keep(one)

    def flatten(self, volume: VolumeId, pull: Pull | None) -> None:
        with translated(LAYER, "flatten"):
            if not self._alone(volume) and pull is not None:
                pull()
                if not self._alone(volume):
                    raise Unavailable(LAYER, what="files", action="flatten", id=volume)
            elif not self._alone(volume):
                self._convert(volume)
            with self._lock:
                known = self._known(volume)
                self._volumes.put(volume, Record(files=known.files[:1], number=known.number))
                self._collect()

    def snapshot_handle(self, snapshot: SnapshotId) -> str:
        known = self._snapshots.get(snapshot)
        if known is None:
            raise NotFound(LAYER, kind="snapshot", id=snapshot)
        with translated(LAYER, "handle"):
            self._look(known.files)
        return str(self._files / known.files[0])

    def remove_snapshot(self, snapshot: SnapshotId) -> None:
        with self._lock, translated(LAYER, "remove_snapshot"):
            self._snapshots.drop(snapshot)
            self._collect()

    # --- inside ---------------------------------------------------------------------------------

    def _begin(self, volume: VolumeEntry, fetch: Fetch) -> None:
        if len(volume.layers) > 1:
            raise Unsupported(LAYER, what="layer_chain", depth=len(volume.layers))
        name = f"{volume.id}.n{volume.number}{_DISK}" if volume.number else f"{volume.id}{_DISK}"
        virtual = volume.size_gib * _GIB
        with self._lock:
            beneath: tuple[str, ...] = ()
            kind = "qcow2"
            if volume.snapshot_id is not None:
                of = self._snapshots.get(volume.snapshot_id)
                if of is None:
                    raise NotFound(LAYER, kind="snapshot", id=volume.snapshot_id)
                beneath, virtual = of.files, max(virtual, self._look(of.files))
        for layer in volume.layers:
            self._layers.share(layer, fetch, self._files / layer.sha256)
            beneath, virtual, kind = (layer.sha256,), max(virtual, layer.virtual_bytes), layer.format
        with self._lock:
            self._create(name, beneath, virtual, kind)
            self._volumes.put(volume.id, Record(files=(name, *beneath), number=volume.number))
            if volume.number:  # what it held before
                self._collect()

    def _grow(self, record: Record, virtual: int) -> None:
        if self._look(record.files) < virtual:
            command = [self._program, "resize", "-q", "-f", "qcow2", str(self._files / record.files[0]), str(virtual)]
            qemu_img.run(qemu_img.as_guest(self._owner, command), "grow")

    def _cover(self, one: SnapshotEntry) -> None:
        """From here on another file is the volume's; whoever writes the one beneath it may go on until told."""
        name = _above(one)
        with self._lock:
            known = self._known(one.volume_id)
            if name not in known.files:
                self._create(name, known.files, self._look(known.files), "qcow2")
                self._volumes.put(one.volume_id, Record(files=(name, *known.files), number=known.number))

    def _keep(self, one: SnapshotEntry) -> None:
        """What is beneath is not written any more."""
        files = self._known(one.volume_id).files
        frozen = files[files.index(_above(one)) + 1 :]
        os.chown(self._files / frozen[0], os.geteuid(), self._owner.gid)
        (self._files / frozen[0]).chmod(0o440)
        self._snapshots.put(one.id, Record(files=frozen))

    def _alone(self, volume: VolumeId) -> bool:
        """By what the first file says: a guest's QEMU writes that once it has pulled all into it."""
        files = self._known(volume).files
        self._look(files)
        with (self._files / files[0]).open("rb") as file:
            return not image_headers.backing_name(reader(file.fileno()))

    def _convert(self, volume: VolumeId) -> None:
        """Into a file of its own; what it stood on is let go, or is others'."""
        known = self._known(volume)
        path = self._files / f"{volume}.{len(known.files)}.{known.files[0].removesuffix(_DISK)[-36:]}{_DISK}"
        with made_whole(path) as fresh:
            self._run("create", "-f", "qcow2", "-o", _OPTIONS, str(fresh), str(self._look(known.files)))
            self._give_to_qemu(fresh)
            command = [self._program, "convert", "-q", "-n", "--target-is-zero", "-f", "qcow2", "-O", "qcow2"]
            whole = [*command, str(self._files / known.files[0]), str(fresh)]
            qemu_img.run(qemu_img.as_guest(self._owner, whole), "flatten", qemu_img.WHOLE_DISK_S)
        with self._lock:
            self._volumes.put(volume, Record(files=(path.name,), number=known.number))

    def _create(self, name: str, beneath: Sequence[str], virtual: int, kind: str) -> None:
        path = self._files / name
        # -u: the size is known, so nothing of what is beneath need be opened.
        below = ["-u", "-F", kind, "-b", str(self._files / beneath[0])] if beneath else []
        with made_whole(path) as fresh:
            self._run("create", "-f", "qcow2", "-o", _OPTIONS, *below, str(fresh), str(virtual))
            self._give_to_qemu(fresh)

    def _run(self, verb: str, *words: str) -> None:
        qemu_img.run([self._program, verb, "-q", *words], verb)

    def _give_to_qemu(self, path: Path) -> None:
        os.chown(path, self._owner.uid, self._owner.gid)
        path.chmod(0o600)

    def _known(self, volume: VolumeId) -> Record:
        known = self._volumes.get(volume)
        if known is None:
            raise NotFound(LAYER, kind="volume", id=volume)
        return known

    def _look(self, files: Sequence[str]) -> int:
        """Guests' QEMUs wrote them, and may have been the guests': each may stand on the next one and nothing else.
        Returns the size of the first, in bytes as a guest sees it."""
        sizes = []
        for name, beneath in zip(files, (*files[1:], ""), strict=True):
            if name.endswith(_DISK):
                with (self._files / name).open("rb") as file:
                    sizes.append(image_headers.check_ours(reader(file.fileno()), {str(self._files / beneath)}))
        return sizes[0]

    def _sight(self, record: Record) -> VolumeSight:
        """Of one whose first file is no disk any more, or gone, the size is not known: whoever uses it says why."""
        used = 0
        try:
            used = sum(os.stat(self._files / name).st_blocks for name in record.files) * 512
            with (self._files / record.files[0]).open("rb") as file:
                virtual = image_headers.read_qcow2(reader(file.fileno())).virtual_bytes
        except (Invalid, FileNotFoundError):
            virtual = 0
        depth = len(record.files)
        return VolumeSight(size_gib=virtual // _GIB, used_bytes=used, depth=depth, number=record.number)

    def _collect(self) -> None:
        """What no record names any more."""
        if self._volumes.unreadable or self._snapshots.unreadable:
            return
        keep = named(self._volumes.all().values(), self._snapshots.all().values())
        for name in os.listdir(self._files):
            if name not in keep and not name.startswith("."):
                (self._files / name).unlink(missing_ok=True)


def _above(one: SnapshotEntry) -> str:
    if not is_uuid(one.id):
        raise Invalid(LAYER, field="id", reason="not_a_uuid", value=one.id)
    return f"{one.volume_id}.{one.id}{_DISK}"
