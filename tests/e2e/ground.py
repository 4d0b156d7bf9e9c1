"""A cloud on this machine's ground, from a copy of the program, driven by the command line.

Where only the ground is tried, serve, agent and guestd are a few lines; what stands under them is
the product's own: supervisor, namespaces, libvirtd, commands.
"""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kumoi

SERVE = """
import os, threading
from kumoi.runtime.supervision import inherited_listeners
listeners = inherited_listeners()
body = b'{"ready": true, "pid": %d}' % os.getpid()
head = b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
def serve(listener):
    while True:
        c, _ = listener.accept()
        c.recv(65536); c.sendall(head + body); c.close()
if "inner" in listeners:
    threading.Thread(target=serve, args=(listeners["inner"],)).start()
serve(listeners["api"])
"""
AGENT = "import signal; signal.pause()"
GUESTD = """
import signal
import msgspec
from kumoi.runtime.supervision import inherited_listeners
assert "guestd" in inherited_listeners()
signal.pause()
"""
FIRST_IMAGE = """
def disk_for(*words): return None
def bring(*words, **named): pass
"""
STANDINS = {"serve": SERVE, "agent": AGENT, "guestd": GUESTD, "first_image": FIRST_IMAGE}
DOMAIN = """
import libvirt
c = libvirt.open("qemu+unix:///system?socket=/run/libvirt/libvirt-sock")
"""
DEFINE = (
    DOMAIN
    + '''
d = c.defineXML("""<domain type='qemu'><name>g1</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<emulator>/run/bin/qemu-system-x86_64</emulator>
<interface type='ethernet'><target dev='tapg1x'/></interface></devices></domain>""")
d.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
'''
)
SHOW = DOMAIN + "print(c.lookupByName('g1').ID(), c.lookupByName('g1').state()[0])"


class Ground:
    """One cloud on the ground, driven by the command line as its user drives it."""

    def __init__(self, *, real: bool = False, **standins: str) -> None:
        """`real`: the program as it is, not one part replaced."""
        # The cloud's user must be able to come here, which it is not in pytest's folders.
        self.folder = Path(tempfile.mkdtemp(prefix="kumoi-ground-"))
        self.folder.chmod(0o755)
        source = Path(kumoi.__file__).parent
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, self.folder / "src/kumoi", ignore=ignore)
        stand = {} if real else STANDINS | standins
        for name, text in stand.items():
            (self.folder / f"src/kumoi/cmd/{name}.py").write_text(text)
        subprocess.run(["chmod", "-R", "a+rX", self.folder / "src"], check=True)
        self.state = self.folder / "state"
        self.prefix: tuple[str, ...] = ()
        self.environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith("KUMOI_")},
            "PYTHONPATH": str(self.folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def as_plain_user(self, name: str) -> None:
        """From now on by this user, on a machine whose /dev/net/tun is open, as udev leaves it."""
        if os.geteuid() != 0:
            return
        user = pwd.getpwnam(name)
        self.state.mkdir()
        os.chown(self.state, user.pw_uid, user.pw_gid)
        node = self.folder / "tun"
        os.mknod(node, stat.S_IFCHR | 0o666, os.stat("/dev/net/tun").st_rdev)
        node.chmod(0o666)
        become = f"exec setpriv --reuid {name} --regid {name} --init-groups"
        enter = f'mount --bind {node} /dev/net/tun && {become} "$@"'
        self.prefix = ("unshare", "-m", "--propagation", "private", "sh", "-c", enter, "sh")

    def start(self, *words: str) -> "subprocess.Popen[str]":
        program = "from kumoi.cmd.main import main; main()"
        return subprocess.Popen(
            [*self.prefix, sys.executable, "-P", "-c", program, "--state", str(self.state), *words],
            env=self.environ, cwd="/", text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            umask=0o077,  # the strictest of callers
        )  # fmt: skip

    def try_(self, *words: str) -> tuple[int, str]:
        child = self.start(*words)
        text, _ = child.communicate(timeout=280)
        return child.returncode, text

    def run(self, *words: str) -> str:
        code, text = self.try_(*words)
        assert code == 0, text
        return text

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.try_("status", "--json")[1])
        return found

    def pid(self, name: str) -> int:
        """Of a living program; 0 where there is none."""
        programs = self.status().get("programs", {})
        return (programs.get(name) or {}).get("pid") or 0

    def inside(self, script: str) -> str:
        return self.run("exec", "local", "--", "/usr/bin/python3", "-c", script)

    def guest_pid(self) -> int:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and self.is_guest(int(entry.name)):
                return int(entry.name)
        return 0

    def is_guest(self, pid: int) -> bool:
        try:
            mine = os.path.samestat(os.stat(f"/proc/{pid}/root/run"), os.stat(self.state / "run"))
            return mine and b"-name\0guest=" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            return False

    def members(self) -> list[int]:
        """Every process that is inside."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                run = os.stat(entry / "root/run")
                if entry.name.isdigit() and os.path.samestat(run, os.stat(self.state / "run")):
                    found.append(int(entry.name))
            except (FileNotFoundError, PermissionError, ProcessLookupError, NotADirectoryError):
                continue
        return found

    def remove(self) -> None:
        if self.state.exists():
            self.try_("down", "--purge")
        shutil.rmtree(self.folder)


def until(true: Callable[[], object], within_s: float = 180.0) -> None:
    deadline = time.monotonic() + within_s
    never = threading.Event()
    while not true():
        assert time.monotonic() < deadline, "it did not come to be"
        never.wait(0.05)


def owner(pid: int) -> str:
    return pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name
