"""The layout of a cloud's state folder (mode 0700, one cloud each, never shared, never tmpfs).

    kumoi.toml   settings                          clouds.yaml  the clients' credentials
    ca.pem       what they trust, with --tls
    db/          the embedded database             keys/        secrets, 0600
    blobs/       uploads, user data                logs/        NAME.log, JSON lines
    sock/        unix sockets outside: link        ground/      locks and records of the ground
    dev/         device nodes of our own (made by root only)
    program/     the program itself, where the launcher could put it nowhere else; purge leaves it

Below these paths the cloud's own mount namespace sees, left outside and right inside:

    run/     /run               run/netns, run/libvirt, run/bin, run/kumoi: state, as QEMU's
    lib/     /var/lib/libvirt   monitor sockets and master keys are here: without them a
    cache/   /var/cache/libvirt restarted libvirtd kills its guests
    log/     /var/log/libvirt
    etc/     /etc/libvirt
    images/  /var/lib/libvirt/images   disks: QEMU has a uid of its own and cannot pass STATE
    dev/*    /dev/net/tun, /dev/kvm, /dev/fuse

What does not belong here: contents. Each file has one writer, named where it is written.
"""

from pathlib import Path
from typing import Final

import msgspec

from kumoi.core.errors import Unavailable

ACCOUNT: Final = "kumoi"  # the system user that a cloud started by root runs as
_FOLDERS: Final = (
    "db", "keys", "blobs", "logs", "sock", "ground",
    "run", "run/bin", "run/libvirt", "run/netns", "run/lock", "run/kumoi",
    "lib", "lib/images", "cache", "log", "etc", "images",
)  # fmt: skip


class StateFolder(msgspec.Struct, frozen=True):
    """Paths below `root`, by what they hold."""

    root: Path

    def prepare(self) -> None:
        """Make what is missing. Only the root is closed: inside, QEMU's uid must pass `lib`."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for name in _FOLDERS:
            (self.root / name).mkdir(mode=0o700 if name == "keys" else 0o755, exist_ok=True)

    def log(self, program: str) -> Path:
        return self.root / "logs" / f"{program}.log"

    @property
    def link_socket(self) -> Path:
        """Where serve hears its agents on this machine."""
        return self.root / "sock" / "link.sock"

    @property
    def guestd_socket(self) -> Path:
        """Where guestd takes the agent's sockets; /run/kumoi/guestd.sock inside."""
        return self.root / "run" / "kumoi" / "guestd.sock"

    @property
    def resolver_socket(self) -> Path:
        """Where serve takes guests' DNS questions from guestd; /run/kumoi/resolver.sock inside."""
        return self.root / "run" / "kumoi" / "resolver.sock"

    @property
    def clouds_yaml(self) -> Path:
        return self.root / "clouds.yaml"

    @property
    def tls(self) -> Path:
        """The listener's certificates and their keys."""
        return self.root / "keys" / "tls"

    @property
    def ca(self) -> Path:
        """What clients of a cloud with a CA of its own trust. Writer: serve."""
        return self.root / "ca.pem"

    @property
    def command_lock(self) -> Path:
        """Held by up and down while they work."""
        return self.root / "ground" / "command.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the one living supervisor; its understudy waits for it."""
        return self.root / "ground" / "supervisor.lock"

    @property
    def processes(self) -> Path:
        """The supervisor's table of programs."""
        return self.root / "ground" / "processes.json"

    @property
    def namespace(self) -> Path:
        """Which namespaces are the cloud's."""
        return self.root / "ground" / "namespace.json"

    @property
    def failure(self) -> Path:
        """Why the last supervisor could not begin. Writer: that supervisor."""
        return self.root / "ground" / "failure.json"

    @property
    def wish(self) -> Path:
        """`up` or `down`: what the last command wanted; a supervisor that reads `down` ends."""
        return self.root / "ground" / "wish"


def replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, as far as other processes see."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(data)
    fresh.replace(path)


def existing(root: Path) -> StateFolder:
    """The folder of a cloud that was made before. Raises Unavailable where there is none."""
    try:
        present = (root / "ground").is_dir()
    except PermissionError as e:
        raise Unavailable("host", what="state_folder", reason="permission", path=str(root)) from e
    if not present:
        raise Unavailable("host", what="cloud", reason="no_such_state_folder", path=str(root))
    return StateFolder(root)
