"""The user a cloud runs as. Started by root it is a system user with sub-ids, else the caller.

From here on there is one code path: nothing of the cloud has rights on the machine. What does
not belong here: namespaces (`namespace.py`).
"""

import contextlib
import fcntl
import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import Final

from kumoi.core.errors import Forbidden, Unavailable
from kumoi.runtime.state_folder import ACCOUNT, StateFolder

Account = pwd.struct_passwd
_COUNT: Final = 65536
_TABLES: Final = (Path("/etc/subuid"), Path("/etc/subgid"))
_NODES: Final = (("tun", Path("/dev/net/tun")), ("kvm", Path("/dev/kvm")), ("fuse", Path("/dev/fuse")))


def owner(state: Path) -> Account:
    """Who the cloud in `state` runs as: its folder's owner. Raises Forbidden for others' folders."""
    uid = state.stat().st_uid if state.exists() else os.geteuid()
    if os.geteuid() not in {0, uid}:
        raise Forbidden("host", action="state_folder", path=str(state), owner=pwd.getpwuid(uid).pw_name)
    return pwd.getpwuid(uid)


def ensure(state: StateFolder) -> Account:
    """As root: the system user, its sub-ids, its state folder and its device nodes are there.

    A folder that already belongs to somebody else than root stays theirs.
    """
    if os.geteuid() != 0 or (state.root.exists() and state.root.stat().st_uid != 0):
        return owner(state.root)
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        _run(
            "useradd", "--system", "--no-create-home", "--home-dir", str(state.root),
            "--shell", "/usr/sbin/nologin", ACCOUNT,
        )  # fmt: skip
        account = pwd.getpwnam(ACCOUNT)
    _ensure_sub_ids()
    state.root.mkdir(mode=0o755, parents=True, exist_ok=True)
    os.chown(state.root, account.pw_uid, account.pw_gid)
    state.root.chmod(0o700)
    return account


def ensure_nodes(state: StateFolder, account: Account) -> None:
    """As root: device nodes of the cloud's own, for its mount namespace; the machine's stay as
    they are. Open to all who reach them, since libvirt's and QEMU's view must agree: those are
    who can pass the state folder. Where nodes cannot be made, the machine's must do."""
    if os.geteuid() != 0:
        return
    folder = state.root / "dev"
    folder.mkdir(exist_ok=True)
    os.chown(folder, account.pw_uid, account.pw_gid)
    for name, machines in _NODES:
        node = folder / name
        if not machines.exists():
            continue
        with contextlib.suppress(PermissionError):
            with contextlib.suppress(FileExistsError):  # from before, or of another `up` at this moment
                os.mknod(node, stat.S_IFCHR | 0o666, machines.stat().st_rdev)
            os.chown(node, account.pw_uid, account.pw_gid)
            node.chmod(0o666)


def become(account: Account) -> None:
    """Give root up for good, with the account's groups and home."""
    if os.geteuid() == account.pw_uid:
        return
    os.initgroups(account.pw_name, account.pw_gid)
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    os.environ.update(HOME=account.pw_dir, USER=account.pw_name, LOGNAME=account.pw_name)


def free_range(tables: list[str], count: int = _COUNT) -> int:
    """The first id of a range that no line of these sub-id tables touches."""
    taken = []
    for line in (line for table in tables for line in table.splitlines()):
        with contextlib.suppress(ValueError):
            _, first, length = line.split(":")
            taken.append((int(first), int(first) + int(length)))
    candidate = 100_000
    for start, end in sorted(taken):
        if candidate + count <= start:
            break
        candidate = max(candidate, end)
    return candidate


def _ensure_sub_ids() -> None:
    missing = [table for table in _TABLES if not _has_range(table)]
    if not missing:
        return
    for table in _TABLES:
        table.touch(exist_ok=True)
    # Two clouds of one machine may be started at the same moment.
    with _TABLES[0].open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        first = free_range([table.read_text() for table in _TABLES])
        for table in missing:
            option = "--add-subuids" if table == _TABLES[0] else "--add-subgids"
            _run("usermod", option, f"{first}-{first + _COUNT - 1}", ACCOUNT)


def _has_range(table: Path) -> bool:
    return table.exists() and any(line.startswith(f"{ACCOUNT}:") for line in table.read_text().splitlines())


def _run(*argv: str) -> None:
    try:
        subprocess.run(argv, check=True, capture_output=True, text=True)
    except FileNotFoundError as e:
        raise Unavailable("host", what=argv[0], reason="not_installed", package="passwd") from e
    except subprocess.CalledProcessError as e:
        raise Unavailable("host", what=argv[0], reason="refused", detail=str(e.stderr).strip()) from e
