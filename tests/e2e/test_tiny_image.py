"""The tiny image by itself: it boots under plain QEMU, asks for its metadata, lets us in.

The guest's only neighbour is QEMU's own user network, closed off from the machine's (restrict=on).
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kumoi.ops.image.build import TinyImage, tiny_image

METADATA = """
import sys
answers = {
    "/latest/meta-data/instance-id": "i-0123456789abcdef0",
    "/latest/meta-data/local-hostname": "guest-1.internal",
    "/latest/user-data": "#!/bin/sh\\necho user data was run > /dev/console\\n",
}
path = sys.stdin.buffer.readline().split()[1].decode()
while sys.stdin.buffer.readline().strip():
    pass
body = answers.get(path)
status = "404 Not Found" if body is None else "200 OK"
sys.stdout.write(f"HTTP/1.0 {status}\\r\\nContent-Length: {len(body or '')}\\r\\n\\r\\n{body or ''}")
"""


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> TinyImage:
    return tiny_image(tmp_path_factory.mktemp("images"), say=print)


@pytest.mark.guest
@pytest.mark.timeout(400)
def test_boots_from_disk_and_reads_its_metadata(image: TinyImage, tmp_path: Path) -> None:
    (tmp_path / "metadata.py").write_text(METADATA)
    service = f"tcp:169.254.169.254:80-cmd:{sys.executable} {tmp_path}/metadata.py"
    with guest(image, tmp_path, "-nic", network(f",net=169.254.169.0/24,guestfwd={service}")) as log:
        wait_for(lambda: "booted" in log.read_text(errors="replace"), log)
    console = log.read_text(errors="replace")
    assert "meta ec2 id=i-0123456789abcdef0 host=guest-1.internal" in console
    assert "user data was run" in console
    assert "grew /dev/vda2" in console


@pytest.mark.guest
@pytest.mark.timeout(400)
def test_boots_from_a_kernel_and_does_without_metadata(image: TinyImage, tmp_path: Path) -> None:
    kernel = ("-kernel", str(image.kernel), "-initrd", str(image.initrd))
    append = ("-append", image.command_line)
    with guest(image, tmp_path, *kernel, *append, "-nic", network("")) as log:
        wait_for(lambda: "booted" in log.read_text(errors="replace"), log)
    assert "meta none" in log.read_text(errors="replace")


def network(more: str) -> str:
    return "user,model=virtio-net-pci,restrict=on" + more


@contextmanager
def guest(image: TinyImage, folder: Path, *options: str) -> Iterator[Path]:
    """A running QEMU on a fresh overlay of the image; gives its console log."""
    overlay, log = folder / "disk.qcow2", folder / "console.log"
    log.touch()
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image.disk, overlay, "300M"],
        check=True,
    )
    machine = subprocess.Popen(
        [
            *("qemu-system-x86_64", "-accel", "tcg,tb-size=64", "-m", "128", "-display", "none"),
            *("-drive", f"file={overlay},if=virtio", "-serial", f"file:{log}", *options),
        ]
    )
    try:
        yield log
    finally:
        machine.kill()
        machine.wait()


def wait_for(happened: Callable[[], bool], log: Path, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s; the console said:\n{log.read_text(errors='replace')}")
        time.sleep(0.2)
