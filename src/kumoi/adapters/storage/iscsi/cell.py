"""The processes that export volumes, and the namespaces that they share: made together, gone together.

tgtd reads raw disks only, so a qemu-storage-daemon shows it the others by FUSE. That needs the right to mount, which
both have in a user and mount namespace of their own and nowhere else: outside they are QEMU's uid. If one of the two
dies the other one is killed, since a target whose disk is gone would tell its guest of errors, while one that is gone
is waited for. They outlive the agent, and the next one finds them. What does not belong here: what is exported.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from kumoi.adapters.storage.qemu_img import Owner
from kumoi.core.errors import Unavailable

LAYER: Final = "storage"
PATIENCE_S: Final = 20.0
_PROGRAMS: Final = (("tgtd", "tgt"), ("tgtadm", "tgt"), ("qemu-storage-daemon", "qemu-system-common"))
_LOOK_EVERY_S: Final = 0.01
# The lock is held by descriptor 9 as long as any of them lives, so that there is one cell a folder. tgtd takes no
# notice of SIGTERM while it has targets.
_SCRIPT: Final = """
exec 9>"$1/lock"; flock -n 9 || exit 1
rm -f "$1"/ctl* "$1/qmp"; echo $$ > "$1/pid"
setpriv --pdeathsig KILL qemu-storage-daemon --chardev socket,path="$1/qmp",server=on,wait=off,id=m --monitor m &
setpriv --pdeathsig KILL env TGT_IPC_SOCKET="$1/ctl" tgtd -f -C 0 --iscsi portal="$2" &
wait -n; kill -9 $(jobs -p); wait
"""


class Cell:
    """`folder` is its own, and short: sockets stand in it. Safe for threads."""

    def __init__(self, folder: Path, portal: str, owner: Owner, inside: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._portal = portal
        self._owner = owner
        self._inside = inside
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._watched = 0

    @property
    def monitor(self) -> Path:
        return self.folder / "qmp"

    def as_owner(self, *command: str) -> list[str]:
        """tgtd obeys nobody but its own uid."""
        who = ["--reuid", str(self._owner.uid), "--regid", str(self._owner.gid), "--clear-groups"]
        return ["setpriv", *(who if os.geteuid() == 0 else []), "--no-new-privs", *command]

    def ask_tgtd(self, *words: str) -> str:
        """What tgtadm says. Raises Unavailable."""
        program = ("env", f"TGT_IPC_SOCKET={self.folder / 'ctl'}", "tgtadm", "-C", "0", "--lld", "iscsi")
        command = self.as_owner(*program, *words)
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(LAYER, what="tgtd", action=f"{words[1]}_{words[3]}", waited_s=PATIENCE_S) from error
        if done.returncode:
            action = f"{words[1]}_{words[3]}"
            raise Unavailable(LAYER, what="tgtd", action=action, detail=done.stderr.strip()[-300:])
        return done.stdout

    def alive(self) -> bool:
        return self._pid() != 0

    def ensure(self) -> None:
        """They run and answer. Raises Unavailable."""
        with self._lock:
            if not self.alive():
                self._start()
            self._watch(self._pid())

    def watch(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)
        with self._lock:
            if pid := self._pid():
                self._watch(pid)

    def kill(self) -> None:
        """All of it, at once; returns when it is gone. Raises Unavailable where the kernel keeps it."""
        deadline = time.monotonic() + PATIENCE_S
        while pid := self._pid():
            if time.monotonic() > deadline:
                raise Unavailable(LAYER, what="tgtd", action="kill", waited_s=PATIENCE_S)
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            time.sleep(_LOOK_EVERY_S)

    def _start(self) -> None:
        for program, package in _PROGRAMS:
            if shutil.which(program) is None:
                raise Unavailable(LAYER, what=program, reason="not_installed", package=package)
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.folder, self._owner.uid, self._owner.gid)
        self.folder.chmod(0o700)
        (self.folder / "pid").unlink(missing_ok=True)
        own = ("unshare", "--user", "--map-root-user", "--mount", "--propagation", "private")
        shell = ("/bin/bash", "-c", _SCRIPT, "cell", str(self.folder), self._portal)
        with (self.folder / "log").open("wb") as output:
            # Nobody's child: it outlives us, and whoever reaps orphans reaps it.
            command = ["setsid", "--fork", *self._inside, *self.as_owner(*own, *shell)]
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False)
        deadline = time.monotonic() + PATIENCE_S
        while not (self.alive() and self.monitor.exists() and any(self.folder.glob("ctl.*[0-9]"))):
            if time.monotonic() > deadline:
                self._give_up("not_started")
            time.sleep(_LOOK_EVERY_S)
        # Where it cannot have its portal it takes port 3260 of every address there is, and says nothing.
        if re.findall(r"^Portal: (.*),\d+$", self.ask_tgtd("--mode", "portal", "--op", "show"), re.M) != [self._portal]:
            self._give_up("portal_taken")

    def _give_up(self, reason: str) -> NoReturn:
        self.kill()
        said = (self.folder / "log").read_text(errors="replace").strip()[-300:]
        raise Unavailable(LAYER, what="tgtd", reason=reason, portal=self._portal, detail=said)

    def _pid(self) -> int:
        """Of the shell that holds the two together, 0: none. A number alone may be another's by now."""
        try:
            pid = int((self.folder / "pid").read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return 0
        return pid if os.fsencode(self.folder) in words else 0

    def _watch(self, pid: int) -> None:
        if pid and pid != self._watched and self._callbacks:
            self._watched = pid
            threading.Thread(target=self._tell_when_gone, args=(pid,), name="exports", daemon=True).start()

    def _tell_when_gone(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            try:
                select.select([descriptor], [], [])
            finally:
                os.close(descriptor)
        for callback in self._callbacks:
            callback()
