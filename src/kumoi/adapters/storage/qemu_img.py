"""qemu-img as a process, with no more power than a guest's QEMU has, and gone with whoever started it.

What does not belong here: which files, and whether they may be opened (files, copies).
"""

import os
import shutil
import subprocess
from typing import Final

import msgspec

from kumoi.core.errors import Unavailable

LAYER: Final = "storage"
QUICK_S: Final = 60.0
WHOLE_DISK_S: Final = 6 * 3600.0


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """QEMU's uid and gid, as numbers of the namespace that we are in."""

    uid: int
    gid: int


def run(command: list[str], action: str, timeout_s: float = QUICK_S) -> None:
    """Raises Unavailable (what: space, qemu_img)."""
    if shutil.which(command[0]) is None:
        raise Unavailable(LAYER, what="qemu_img", reason="not_installed", package="qemu-utils")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(LAYER, what="qemu_img", reason="timeout", waited_s=timeout_s) from error
    if done.returncode:
        what = "space" if "No space left" in done.stderr else "qemu_img"
        raise Unavailable(LAYER, what=what, action=action, detail=done.stderr.strip()[-300:])


def as_guest(owner: Owner, command: list[str]) -> list[str]:
    """The command under QEMU's own uid, where we may choose: a hostile disk gains nothing by being opened so."""
    who = ["--reuid", str(owner.uid), "--regid", str(owner.gid), "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *who, "--no-new-privs", "--pdeathsig", "KILL", *command]
