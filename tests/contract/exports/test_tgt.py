"""What only real processes can show: bytes, deaths of single ones, and portals that are taken."""

import os
import signal
import socket
import threading
from pathlib import Path

import pytest
from tests.contract.exports.rigs import TgtRig, export, new_volume, other_end

from kumoi.core.errors import Unavailable
from kumoi.runtime import processes


def members(tgt: TgtRig, name: str) -> list[int]:
    """The living processes of the cell of this name."""
    group = int((tgt.tgt.cell.folder / "pid").read_text())
    found = []
    for pid in processes.every():
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[0].endswith(f"({name}") and int(words[2].split()[2]) == group:
            found.append(pid)
    return found


def test_what_is_written_from_afar_is_in_the_volume(tgt: TgtRig) -> None:
    volume, one = new_volume(tgt), export()
    remote = other_end(tgt, volume, one)
    tgt.exporter.offer(volume, tgt.pool.handle(volume), [one])
    written = tgt.io(remote, "write -P 0xa5 64k 64k", "flush", "write -P 0x5a 1073676288 64k")
    assert written.returncode == 0, written.stderr
    tgt.exporter.offer(volume, "", [])
    seen = tgt.at_home(volume, "read -P 0xa5 64k 64k", "read -P 0x5a 1073676288 64k", "read -P 0 0 64k")
    assert "verification failed" not in seen.stdout
    assert seen.returncode == 0


def test_who_has_the_disk_has_it_alone(tgt: TgtRig) -> None:
    volume, one = new_volume(tgt), export()
    tgt.exporter.offer(volume, tgt.pool.handle(volume), [one])
    refused = tgt.at_home(volume, "write 0 512")
    assert refused.returncode != 0
    assert "lock" in refused.stderr
    tgt.exporter.offer(volume, "", [])
    assert tgt.at_home(volume, "write 0 512").returncode == 0


@pytest.mark.parametrize("name", ["tgtd", "qemu-storage-da"])
def test_if_one_of_the_two_dies_so_does_the_other(tgt: TgtRig, name: str) -> None:
    volume, one, gone = new_volume(tgt), export(), threading.Event()
    tgt.exporter.watch(gone.set)
    tgt.exporter.offer(volume, tgt.pool.handle(volume), [one])
    os.kill(members(tgt, name)[0], signal.SIGKILL)
    assert gone.wait(60.0)
    assert tgt.exporter.observe() == {}
    tgt.exporter.offer(volume, tgt.pool.handle(volume), [one])
    assert tgt.reaches(other_end(tgt, volume, one), volume)


def test_what_a_killed_agent_left_half_made_is_made_whole(tgt: TgtRig) -> None:
    """An account that nobody bound, and a target that has no name yet and lets nobody in."""
    volume, one = new_volume(tgt), export()
    tgt.exporter.offer(volume, tgt.pool.handle(volume), [one])
    cell = tgt.exporter.cell
    cell.ask_tgtd("--mode", "target", "--op", "unbind", "--tid", "1", "--initiator-name", one.initiator)
    assert tgt.exporter.observe()[volume] == frozenset()
    tgt.exporter.offer(volume, tgt.pool.handle(volume), [one])
    assert tgt.reaches(other_end(tgt, volume, one), volume)

    other, another = new_volume(tgt), export()
    cell.ask_tgtd("--mode", "account", "--op", "new", "--user", another.user, "--password", "forgotten")
    tgt.exporter.offer(other, tgt.pool.handle(other), [another])
    assert tgt.reaches(other_end(tgt, other, another), other)


def test_a_portal_that_is_taken_is_named(tgt: TgtRig) -> None:
    address, _, port = tgt.portal.partition(":")
    with socket.create_server((address, int(port))), pytest.raises(Unavailable) as refused:
        tgt.exporter.offer(new_volume(tgt), "", [export()])
    assert refused.value.layer == "storage"
    assert refused.value.facts["portal"] == tgt.portal
