"""Backups know a disk by the sum of what it is as a qcow2: that may never be another one."""

import hashlib

from kumoi.adapters.storage.disks import qcow2
from kumoi.adapters.storage.disks.mapped import Disk

MIB = 1 << 20


def test_the_same_disk_makes_the_same_bytes_for_ever() -> None:
    chunks = {0: b"a", 3: b"b", 700: b"c"}
    disk = Disk(4096 * MIB, 4 * MIB, {n: n for n in chunks}, lambda n: chunks[n].ljust(4 * MIB, b"\0"))
    hashed = hashlib.sha256(b"".join(qcow2.stream(disk))).hexdigest()
    assert hashed == "db0f60328e6275e20f53c5db7f90575607795b3e4310e60db5f6484d46b9e914"
