"""The child that converts a hostile file: `python -m kumoi.adapters.storage.conversion FORMAT < FILE > QCOW2`; a qcow2
comes out as the whole disk.

It has given up its power before it reads the first byte, and writes nothing but its standard output. A refusal is one
line of JSON on standard error. What does not belong here: starting it and believing it (converter).
"""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from kumoi.adapters.storage.confinement import Refused, confine
from kumoi.adapters.storage.disks import qcow2, qcow2_read, vdi, vhd, vhdx, vmdk
from kumoi.adapters.storage.disks.mapped import Disk
from kumoi.adapters.storage.image_headers import ReadAt
from kumoi.core.errors import KumoiError

CPU_S: Final = 3600
_READERS: Final[dict[str, Callable[[ReadAt, int], Disk]]] = {
    "vdi": vdi.read, "vhd": vhd.read, "vhdx": vhdx.read, "vmdk": vmdk.read,
}  # fmt: skip


def _pieces(disk_format: str, read_at: ReadAt, size: int) -> Iterator[bytes]:
    if disk_format == "qcow2":
        return qcow2_read.whole(read_at, size)
    return qcow2.stream(_READERS[disk_format](read_at, size))


def main() -> None:
    confine({resource.RLIMIT_CPU: CPU_S})
    size = os.fstat(0).st_size
    try:
        for piece in _pieces(sys.argv[1], lambda offset, length: os.pread(0, length, offset), size):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except KumoiError as error:
        os.write(2, msgspec.json.encode(Refused(code=error.code, facts=error.facts)))
        sys.exit(1)


if __name__ == "__main__":
    main()
