"""What the inspecting child has given up before it reads a byte; and what becomes of one that dies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kumoi.adapters.storage.inspector import ConfinedInspector
from kumoi.core.errors import Invalid, Unavailable

TRIES = """
import os, socket
from kumoi.adapters.storage.confinement import confine
confine()

def tried(name, act):
    try:
        act()
    except (OSError, MemoryError) as error:
        print(name, type(error).__name__)
    else:
        print(name, "done")

tried("memory", lambda: bytearray(1 << 30))
tried("write", lambda: os.write(os.open("/tmp", os.O_TMPFILE | os.O_WRONLY), b"x"))
tried("network", lambda: socket.create_connection(("127.0.0.1", 1), timeout=1))
if os.geteuid() == 65534:
    tried("read", lambda: open("/etc/shadow"))
    tried("root", lambda: os.setuid(0))
"""


def python(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


def test_the_child_can_neither_write_nor_grow_nor_call_out() -> None:
    said = python(TRIES)
    assert said[0] == "memory MemoryError"
    assert "done" not in " ".join(said)


@pytest.mark.root
def test_a_child_of_root_is_nobody_without_a_network() -> None:
    said = python(TRIES)
    # No route even to loopback: the namespace is empty.
    assert said[2:] == ["network OSError", "read PermissionError", "root PermissionError"]


def test_a_path_that_cannot_be_read_is_our_fault_and_not_the_images(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        ConfinedInspector().inspect(str(tmp_path / "absent"), "raw")


def test_a_child_that_dies_has_met_bytes_that_nobody_should_open(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"x")
    with pytest.raises(Invalid) as refused:
        ConfinedInspector(python="/bin/false").inspect(str(image), "raw")
    assert refused.value.facts["reason"] == "inspection_failed"
