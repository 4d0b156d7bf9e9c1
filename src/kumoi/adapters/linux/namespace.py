"""The cloud's own user, mount and network namespaces: make, find, verify, enter, leave nothing.

They live as long as anything holds them: the supervisor's and the understudy's descriptors, the
holder (a sleeper without capabilities), QEMU, libvirtd. A process is known to be inside by its
/run being STATE/run, which no other cloud's can be; inode numbers of namespaces are reused within
minutes. What does not belong here: what runs inside, short visits (`visit.py`), router namespaces
(`netns.py`).
"""

import contextlib
import fcntl
import os
import pwd
import socket
import stat
import struct
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from kumoi.adapters.linux import syscalls
from kumoi.core.errors import Unavailable
from kumoi.runtime import processes, state_folder
from kumoi.runtime.processes import Process
from kumoi.runtime.state_folder import StateFolder

KINDS: Final = {
    "user": syscalls.CLONE_NEWUSER,
    "mnt": syscalls.CLONE_NEWNS,
    "net": syscalls.CLONE_NEWNET,
}
DAEMON_NAMES: Final = {"libvirt-qemu": 47000, "libvirt": 47002}
GUEST_FACING_UID: Final = 47001  # inside; guestd's. QEMU's is next to it
_COVERED: Final = ("/var/lib", "/var/cache", "/var/log", "/etc")
_BINDS: Final = (
    ("lib", "/var/lib/libvirt"),
    ("images", "/var/lib/libvirt/images"),  # after the one above
    ("cache", "/var/cache/libvirt"),
    ("log", "/var/log/libvirt"),
    ("etc", "/etc/libvirt"),
)
_ACCOUNTS: Final = ("/etc/passwd", "/etc/group")
TUN: Final = "/dev/net/tun"
KVM: Final = "/dev/kvm"
FUSE: Final = "/dev/fuse"
OWN_RUN: Final = "/run/kumoi"
_CODE: Final = f"{OWN_RUN}/code"
_ORIGINALS: Final = f"{OWN_RUN}/machine"
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 1


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What STATE/ground/namespace.json holds. Writer: the supervisor, when it made them.

    `id` is theirs alone; the inodes are given to others soon after they are gone.
    """

    id: str
    inodes: dict[str, int]


class Namespace(msgspec.Struct, frozen=True, kw_only=True):
    """Open descriptors of the three namespaces: while they are open, the namespaces live."""

    user: int
    mnt: int
    net: int

    def descriptors(self) -> dict[str, int]:
        return {f"ns-{kind}": getattr(self, kind) for kind in KINDS}

    def inodes(self) -> dict[str, int]:
        return {kind: os.fstat(getattr(self, kind)).st_ino for kind in KINDS}


def inherited(descriptors: dict[str, int]) -> Namespace | None:
    """The namespaces among descriptors that a former supervisor left to this one."""
    found = {kind: descriptors[f"ns-{kind}"] for kind in KINDS if f"ns-{kind}" in descriptors}
    return Namespace(**found) if len(found) == len(KINDS) else None


def find(state: StateFolder) -> Namespace | None:
    """The living namespaces of this cloud, through whichever process is inside."""
    recorded = _recorded(state)
    members = sorted(inside(state), key=lambda p: p.started)
    # Router namespaces share the mounts but not the network, so the record decides; without
    # one, the oldest: holder and libvirtd come before anything that has a network of its own.
    for member in members:
        with contextlib.suppress(FileNotFoundError, PermissionError, ProcessLookupError):
            found = _open(member)
            if recorded is None or found.inodes() == recorded.inodes:
                return found
            close(found)
    return None


def member(state: StateFolder, found: Namespace) -> int:
    """The pid of a living process in these namespaces, network included. Raises Unavailable."""
    for process in sorted(inside(state), key=lambda p: p.started):
        with contextlib.suppress(FileNotFoundError, PermissionError, ProcessLookupError):
            if os.stat(f"/proc/{process.pid}/ns/net").st_ino == found.inodes()["net"]:
                return process.pid
    raise Unavailable("host", what="cloud", reason="not_running", state=str(state.root))


def boot_id(state: StateFolder) -> str:
    """Changes with every making, hence with the machine's boot too: no guest outlives either.

    Raises Unavailable where no cloud of this folder is up.
    """
    recorded = _recorded(state)
    if recorded is None:
        raise Unavailable("host", what="namespace", reason="not_made")
    return recorded.id


def inside(state: StateFolder) -> Iterator[Process]:
    """All living processes that see STATE/run as their /run, this cloud's and no other's."""
    run = (state.root / "run").stat()
    own = os.stat("/run")
    if os.path.samestat(run, own):
        return
    for pid in processes.every():
        with contextlib.suppress(FileNotFoundError, PermissionError, ProcessLookupError):
            if os.path.samestat(os.stat(f"/proc/{pid}/root/run"), run):
                process = processes.identify(pid)
                if process is not None:
                    yield process


def keepers(state: StateFolder) -> Iterator[Process]:
    """Living processes outside that hold the recorded namespaces by a descriptor."""
    recorded = _recorded(state)
    if recorded is None:
        return
    links = {f"{kind}:[{inode}]" for kind, inode in recorded.inodes.items()}
    for pid in processes.every():
        with contextlib.suppress(FileNotFoundError, PermissionError, ProcessLookupError):
            folder = f"/proc/{pid}/fd"
            if any(os.readlink(f"{folder}/{fd}") in links for fd in os.listdir(folder)):
                process = processes.identify(pid)
                if process is not None:
                    yield process


def make(state: StateFolder) -> Namespace:
    """New namespaces over the state folder, loopback up, nothing running in them.

    Raises Unavailable (layer host) with what is missing: sub-ids, newuidmap.
    """
    (state.root / "run/libvirt/qemu/autostarted").unlink(missing_ok=True)  # a fresh boot
    with _mapped_child(lambda: _build(state)) as pid:
        process = processes.identify(pid)
        if process is None:
            raise Unavailable("host", what="namespace", reason="maker_died")
        made = _open(process)
    state_folder.replace(state.namespace, msgspec.json.encode(Made(id=str(uuid.uuid4()), inodes=made.inodes())))
    return made


def enter(namespace: Namespace) -> None:
    """This process goes in, as the root of inside; it must have one thread. cwd becomes /."""
    syscalls.setns(namespace.user, syscalls.CLONE_NEWUSER)
    syscalls.setns(namespace.mnt, syscalls.CLONE_NEWNS)
    syscalls.setns(namespace.net, syscalls.CLONE_NEWNET)
    os.chdir("/")


def enter_powerless(namespace: Namespace) -> None:
    """Like `enter`, but nothing that is executed afterwards has a capability."""
    enter(namespace)
    syscalls.give_up_capabilities()


def enter_unprivileged(namespace: Namespace) -> None:
    """As GUEST_FACING_UID, with no capability, and the program's own code where it can read it.

    That uid cannot pass the state folder (0700) nor a closed home, so the code is bound below
    /run, in a mount namespace of this process alone.
    """
    enter(namespace)
    syscalls.unshare(syscalls.CLONE_NEWNS)
    for number, folder in enumerate(_code_folders()):
        target = f"{_CODE}/{number}"
        os.makedirs(target, exist_ok=True)
        syscalls.mount(folder, target, syscalls.MS_BIND)
    syscalls.give_up_capabilities()
    os.setgroups([])
    os.setresgid(GUEST_FACING_UID, GUEST_FACING_UID, GUEST_FACING_UID)
    os.setresuid(GUEST_FACING_UID, GUEST_FACING_UID, GUEST_FACING_UID)


def unprivileged_python() -> tuple[str, dict[str, str]]:
    """Interpreter and environment that find the code after `enter_unprivileged`."""
    path = ":".join(f"{_CODE}/{number}" for number in range(len(_code_folders())))
    return os.path.realpath(sys.executable), {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def remove_tree(state: StateFolder, keep: tuple[str, ...]) -> None:
    """Remove what the state folder holds, but `keep`: files of sub-ids need the user namespace."""
    names = [n for n in os.listdir(state.root) if n not in keep]
    if not names:
        return
    remove = ["/bin/rm", "-rf", "--", *names]
    with _mapped_child(lambda: subprocess.run(remove, cwd=state.root, check=True)):
        pass


def close(namespace: Namespace) -> None:
    for fd in namespace.descriptors().values():
        os.close(fd)


def _recorded(state: StateFolder) -> Made | None:
    try:
        return msgspec.json.decode(state.namespace.read_bytes(), type=Made)
    except (FileNotFoundError, msgspec.DecodeError):  # the latter: of another version
        return None


def _open(process: Process) -> Namespace:
    """Raises FileNotFoundError where it died meanwhile."""
    found = Namespace(**{kind: os.open(f"/proc/{process.pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in KINDS})
    if not processes.alive(process):
        close(found)
        raise FileNotFoundError(process.pid)
    return found


@contextlib.contextmanager
def _mapped_child(act: Callable[[], object]) -> Iterator[int]:
    """The pid of a child that has done `act` as the root of a new user namespace, and stays
    until the block ends. Raises Unavailable with the child's error."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _be_mapped_child(theirs, act)
    theirs.close()
    try:
        _expect(ours, b"unmapped")
        _map_ids(pid)
        ours.sendall(b"mapped")
        _expect(ours, b"done")
        yield pid
    finally:
        ours.close()
        os.waitpid(pid, 0)


def _be_mapped_child(channel: socket.socket, act: Callable[[], object]) -> NoReturn:
    try:
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        channel.sendall(b"unmapped")
        if channel.recv(16) == b"mapped":
            act()
            channel.sendall(b"done")
            channel.recv(1)  # until the parent has what it needs, or is dead
    except BaseException as e:  # noqa: BLE001 - a forked child has nobody to raise to
        with contextlib.suppress(OSError):
            channel.sendall(f"{type(e).__name__}: {e}".encode())
    os._exit(0)


def _expect(channel: socket.socket, word: bytes) -> None:
    got = channel.recv(4096)
    if got != word:
        raise Unavailable("host", what="namespace", reason="not_permitted", detail=got.decode() or "died")


def _build(state: StateFolder) -> None:
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET)
    syscalls.mount("none", "/", syscalls.MS_REC | syscalls.MS_PRIVATE)
    # First: from here on /run/netns, pid files and locks are the cloud's.
    syscalls.mount(str(state.root / "run"), "/run", syscalls.MS_BIND)
    for folder in _COVERED:
        _cover(folder)
    for name, target in _BINDS:
        os.makedirs(target, exist_ok=True)
        syscalls.mount(str(state.root / name), target, syscalls.MS_BIND)
    for name, target in (("tun", TUN), ("kvm", KVM), ("fuse", FUSE)):
        if (state.root / "dev" / name).exists() and os.path.exists(target):
            syscalls.mount(str(state.root / "dev" / name), target, syscalls.MS_BIND)
    if os.access(KVM, os.W_OK) and not os.stat(KVM).st_mode & stat.S_IWOTH:
        # Ours by a group that QEMU's uid is not in: libvirt would find KVM, lose it, and probe
        # again 17 times a start, 10 s in all. So there is none.
        syscalls.mount(os.devnull, KVM, syscalls.MS_BIND)
    # The machine's sysfs goes on showing the machine's NICs, and libvirtd trips over them.
    with contextlib.suppress(PermissionError):  # in a container whose own /sys is veiled
        syscalls.mount("sysfs", "/sys", syscalls.MS_SAFE, "sysfs")
    _loopback_up()


def _cover(folder: str) -> None:
    """A folder of the machine with our own entries in it, in this mount namespace alone.

    Debian's libvirtd has its paths compiled in, and may bring no such folders; and what is
    mounted on a folder or file of the machine is gone once the machine removes or renames that.
    So a tmpfs of links to the folder's entries takes its place.
    """
    original = f"{_ORIGINALS}{folder}"
    os.makedirs(original, exist_ok=True)
    syscalls.mount(folder, original, syscalls.MS_BIND | syscalls.MS_REC)
    # Without a mode it would be open to all, QEMU's uid included.
    syscalls.mount("tmpfs", folder, 0, "tmpfs", "mode=0755")
    for entry in os.scandir(original):
        own = f"{folder}/{entry.name}"
        if own in _ACCOUNTS:
            Path(own).write_text(_with_daemon(Path(entry.path)))
        elif entry.name != "libvirt":
            # A link stays what it says: it may be relative to where it stands.
            os.symlink(os.readlink(entry.path) if entry.is_symlink() else entry.path, own)


def _with_daemon(table: Path) -> str:
    """The machine's accounts and the names that libvirtd must be able to look up: it parses its
    compiled-in defaults before it reads that its configuration says otherwise."""
    text = table.read_text()
    row = "{0}:x:{1}:{1}::/:/usr/sbin/nologin\n" if table.name == "passwd" else "{0}:x:{1}:\n"
    missing = [name for name in DAEMON_NAMES if f"\n{name}:" not in text]
    return text + "".join(row.format(name, DAEMON_NAMES[name]) for name in missing)


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 0)
        _, flags = struct.unpack("16sh14x", fcntl.ioctl(s, _SIOCGIFFLAGS, request))
        fcntl.ioctl(s, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def _map_ids(pid: int) -> None:
    """Inside 0 is this user, 1… are its sub-ids."""
    for tool, own, table in (
        ("newuidmap", os.geteuid(), "/etc/subuid"),
        ("newgidmap", os.getegid(), "/etc/subgid"),
    ):
        start, count = _sub_ids(table)
        numbers = [str(n) for n in (0, own, 1, 1, start, count)]
        try:
            subprocess.run([tool, str(pid), *numbers], check=True, capture_output=True, text=True)
        except FileNotFoundError as e:
            raise Unavailable("host", what=tool, reason="not_installed", package="uidmap") from e
        except subprocess.CalledProcessError as e:
            raise Unavailable("host", what=tool, reason="refused", detail=str(e.stderr).strip()) from e


def _sub_ids(table: str) -> tuple[int, int]:
    """First range of this user that is big enough for the uids used inside."""
    user = pwd.getpwuid(os.geteuid())
    for line in Path(table).read_text().splitlines():
        name, start, count = line.split(":")
        if name in {user.pw_name, str(user.pw_uid)} and int(count) > GUEST_FACING_UID:
            return int(start), min(int(count), 65535)
    raise Unavailable("host", what="sub_ids", reason="none", table=table, user=user.pw_name)


def _code_folders() -> list[str]:
    """Where this program and its libraries are imported from, but for the machine's own."""
    machines = f"{sys.base_prefix}/lib/"
    folders = [os.path.realpath(p) for p in sys.path if p and os.path.isdir(p)]
    return [p for p in dict.fromkeys(folders) if not p.startswith(machines)]
