"""A private libvirtd in mount and network namespaces of its own, thrown away with all that ran in it.

The test process stays outside and sees the same files: everything libvirt is told lies in one folder, under one path.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kumoi.adapters.libvirt import daemon
from kumoi.runtime import processes
from kumoi.runtime.state_folder import StateFolder

BRIDGE = "br-test"
WAIT_S = 180.0

# Debian's libvirtd has its paths compiled in; /run comes last, since it hides the machine's.
_ENTER = f"""
set -e; S=$1
mount -t overlay overlay -o lowerdir=/etc,upperdir=$S/up,workdir=$S/work /etc
mkdir -p /etc/libvirt
grep -q ^libvirt-qemu: /etc/passwd || {{ echo libvirt-qemu:x:47000:47000::/:/bin/false >> /etc/passwd
                                        echo libvirt-qemu:x:47000: >> /etc/group; }}
grep -q ^libvirt: /etc/group || echo libvirt:x:47002: >> /etc/group
mkdir "$S/up.var" "$S/work.var"  # an overlay too: the tests' own Python may live in /var/lib
mount -t overlay overlay -o lowerdir=/var,upperdir=$S/up.var,workdir=$S/work.var /var
mkdir -p /var/lib/libvirt /var/cache/libvirt /var/log/libvirt
mount --bind $S/lib /var/lib/libvirt; mount --bind $S/cache /var/cache/libvirt
mount --bind $S/log /var/log/libvirt; mount --bind $S/etc /etc/libvirt
# Where libvirt and its probe of QEMU disagree on KVM, it probes again and again, 6 s a call: nobody has any.
[ ! -e /dev/kvm ] || {{ touch $S/no-kvm; chmod 600 $S/no-kvm; mount --bind $S/no-kvm /dev/kvm; }}
mount --bind $S/run /run
ip link set lo up; ip link add {BRIDGE} type bridge; ip link set {BRIDGE} up
echo ready; exec sleep infinity
"""
# As the supervisor does: a lazy pid 1 would leave a dead QEMU unreaped for two seconds.
_SUBREAPER = """
import os, sys
from kumoi.runtime.processes import become_subreaper
become_subreaper()
child = os.fork()
if child == 0:
    os.execvpe(sys.argv[1], sys.argv[1:], {"PATH": "/run/bin:/usr/sbin:/sbin", "HOME": "/root", "LC_ALL": "C.UTF-8"})
print(child, flush=True)
while os.waitpid(-1, 0)[0] != child:
    pass
"""


@dataclass
class Sandbox:
    """`folder` is seen alike inside and outside. `uri` leads to its libvirtd from outside."""

    folder: Path
    holder: subprocess.Popen[str]
    libvirtd: int = 0
    parents: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def state(self) -> StateFolder:
        return StateFolder(self.folder)

    @property
    def socket(self) -> Path:
        return self.folder / "run/libvirt/libvirt-sock"

    @property
    def uri(self) -> str:
        return f"qemu+unix:///system?socket={self.socket}"

    def start_libvirtd(self) -> None:
        """Comes back when it listens."""
        command = ["nsenter", "-t", str(self.holder.pid), "-n", "-m", sys.executable, "-c", _SUBREAPER]
        with (self.folder / "logs/libvirtd.log").open("a") as log:
            parent = subprocess.Popen(
                [*command, *daemon.command()],
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )
        assert parent.stdout is not None
        self.libvirtd = int(parent.stdout.readline())
        self.parents.append(parent)
        wait_for(self.answers, 30)

    def kill_libvirtd(self) -> None:
        """kill -9, as a crash does it. QEMU lives on."""
        os.kill(self.libvirtd, signal.SIGKILL)
        self.parents[-1].wait()

    def answers(self) -> bool:
        done = subprocess.run(
            ["nsenter", "-t", str(self.holder.pid), "-n", "-m", sys.executable, "-c",
             f"import libvirt; libvirt.open('qemu+unix:///system?socket={self.socket}')"],
            capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode == 0

    def inside(self, *command: str) -> str:
        done = subprocess.run(
            ["nsenter", "-t", str(self.holder.pid), "-n", "-m", *command], capture_output=True, text=True, check=True
        )
        return done.stdout

    def members(self) -> list[processes.Process]:
        """Everything that lives in the sandbox's network namespace."""
        mine = os.readlink(f"/proc/{self.holder.pid}/ns/net")
        found = [processes.identify(pid) for pid in processes.every() if _network_of(pid) == mine]
        return [process for process in found if process is not None]


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    folder = Path(tempfile.mkdtemp(prefix="kumoi-sandbox-"))
    state = StateFolder(folder)
    state.prepare()
    folder.chmod(0o711)  # QEMU's uid passes through to its disks
    daemon.prepare(state)
    for name in ("up", "work"):
        (folder / name).mkdir()
    holder = subprocess.Popen(
        ["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", _ENTER, "sh", str(folder)],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    box = Sandbox(folder=folder, holder=holder)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        box.start_libvirtd()
        yield box
    finally:
        processes.end(box.members(), patience_s=5)
        for process in (holder, *box.parents):
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        shutil.rmtree(folder)


def wait_for(happened: Callable[[], bool], seconds: float = WAIT_S) -> None:
    """Until it has happened; a failure after `seconds`, generous since the machine is shared."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {happened}")
        time.sleep(0.1)


def _network_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
