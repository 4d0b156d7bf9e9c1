"""The private libvirtd: its configuration, its launch, and when it must not be started.

It runs inside the cloud's namespaces, in the foreground, below the supervisor (a sub-reaper, or
every destroy takes two seconds under a lazy pid 1). What does not belong here: domains.
"""

import itertools
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.runtime import processes, state_folder
from kumoi.runtime.state_folder import StateFolder

URI: Final = "qemu+unix:///system?socket=/run/libvirt/libvirt-sock"
EMULATORS: Final = Path("/run/bin")  # inside; its path goes into every domain's XML
QEMU_UID: Final = 47000
_TOOLS: Final = ("qemu-system-x86_64", "qemu-img")
_SEARCH: Final = ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin")

# dynamic_ownership off: with it on libvirt leaves backing files to QEMU. cgroups: it would make
# folders in the machine that outlive the cloud, and that two clouds fight over.
QEMU_CONF: Final = f"""\
stdio_handler = "file"
user = "+{QEMU_UID}"
group = "+{QEMU_UID}"
security_driver = "none"
remember_owner = 0
dynamic_ownership = 0
seccomp_sandbox = 1
namespaces = [ ]
cgroup_controllers = [ ]
"""
LIBVIRTD_CONF: Final = """\
listen_tls = 0
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "{host_uuid}"
max_client_requests = 20
log_outputs = "3:stderr"
"""


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """A living QEMU: its libvirt name, and the folder of its monitor socket, seen from inside."""

    pid: int
    name: str
    folder: str


def prepare(state: StateFolder) -> None:
    """Write the configuration, and the folder that holds the only emulators libvirt may probe:
    it asks every qemu-system-* in PATH for its capabilities, at seconds each."""
    etc = state.root / "etc"
    identity = etc / "host_uuid"
    if not identity.exists():
        state_folder.replace(identity, str(uuid.uuid4()).encode())
    state_folder.replace(etc / "qemu.conf", QEMU_CONF.encode())
    state_folder.replace(etc / "libvirtd.conf", LIBVIRTD_CONF.format(host_uuid=identity.read_text()).encode())
    for tool in _TOOLS:
        link = state.root / "run/bin" / tool
        if not link.is_symlink():
            link.symlink_to(f"/usr/bin/{tool}")


def command() -> tuple[str, ...]:
    """Raises Unavailable where a program is not installed."""
    for tool in _TOOLS:
        if _which(tool) is None:
            raise Unavailable("host", what=tool, reason="not_installed", package="qemu-system-x86")
    libvirtd = _which("libvirtd")
    if libvirtd is None:
        raise Unavailable("host", what="libvirtd", reason="not_installed", package="libvirt-daemon-system")
    return (libvirtd, "--pid-file", "/run/libvirt/libvirtd.pid")


def environment() -> Mapping[str, str]:
    return {"PATH": f"{EMULATORS}:/usr/sbin:/sbin", "HOME": "/root", "LC_ALL": "C.UTF-8"}


def at_risk(living: list[Guest]) -> tuple[Guest, str] | None:
    """A guest that a libvirtd started now would kill or forget, and the file it lacks.

    A lost monitor socket or master key makes libvirtd kill the guest at once; a lost status file
    makes it forget that the guest runs. To be asked inside: the folders are QEMU's.
    """
    for guest in living:
        for path in (
            f"/run/libvirt/qemu/{guest.name}.xml",
            f"{guest.folder}/monitor.sock",
            f"{guest.folder}/master-key.aes",
        ):
            if not os.path.exists(path):
                return guest, path
    return None


def guests(members: Iterable[processes.Process]) -> list[Guest]:
    """The QEMUs among these processes."""
    found = (parse(p.pid, _arguments(p.pid)) for p in members)
    return [guest for guest in found if guest is not None]


def parse(pid: int, argv: list[str]) -> Guest | None:
    """A guest by its command line as libvirt writes it; None for any other program."""
    name = folder = ""
    for option, value in itertools.pairwise(argv):
        fields = dict(f.partition("=")[::2] for f in value.split(","))
        if option == "-name":
            name = fields.get("guest", "")
        # {"qom-type":"secret","id":"masterKey0",…,"file":"…/domain-1-NAME/master-key.aes"}
        if option == "-object" and "masterKey0" in value:
            folder = os.path.dirname(_object_file(value))
    return Guest(pid=pid, name=name, folder=folder) if name and folder else None


def _object_file(value: str) -> str:
    if value.startswith("{"):
        return str(msgspec.json.decode(value).get("file", ""))
    return dict(f.partition("=")[::2] for f in value.split(",")).get("file", "")


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _which(tool: str) -> str | None:
    found = (Path(folder) / tool for folder in _SEARCH)
    return next((str(path) for path in found if os.access(path, os.X_OK)), None)
