"""What this machine must have to carry a cloud: probes that look, and change nothing.

Each probe answers with findings; a finding that is not ok says what would mend it. The packages
are those of packages.txt, which the launcher installs by itself where it may.
"""

import fcntl
import os
import platform
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kumoi.runtime.state_folder import ACCOUNT

# A machine with a warning carries a cloud, slower or smaller; one with a fault does not.
Verdict = Literal["ok", "warning", "fault"]

PACKAGES = Path(__file__).parent / "packages.txt"
SUB_IDS = 65536
KVM_GET_API_VERSION, KVM_CREATE_VM = 0xAE00, 0xAE01  # linux/kvm.h
GIB = 1 << 30
_GUESTS_ONLY = frozenset({"tun", "namespaces", "sub-ids", "packages: cloud"})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor's: `mend` is a command or a sentence, empty when all is well."""

    about: str
    verdict: Verdict
    seen: str
    mend: str = ""


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port that the cloud would listen on. `chosen`: it is this one or none; `own`: the cloud has it already."""

    number: int
    chosen: bool = False
    own: bool = False


def examine(state: Path, ports: tuple[Port, ...]) -> Iterator[Finding]:
    """Everything that a cloud in `state` needs of this machine."""
    yield debian()
    yield python()
    yield from packages()
    yield kvm()
    yield tun()
    yield user_namespaces()
    yield sub_ids()
    yield from folder(state)
    yield memory()
    yield from (port(wanted) for wanted in ports)


def enough_to_simulate(findings: Iterable[Finding]) -> bool:
    """Whether what is at fault is needed by real guests only."""
    return all(f.about in _GUESTS_ONLY for f in findings if f.verdict == "fault")


def ok(about: str, seen: str) -> Finding:
    return Finding(about=about, verdict="ok", seen=seen)


def warning(about: str, seen: str, mend: str) -> Finding:
    return Finding(about=about, verdict="warning", seen=seen, mend=mend)


def fault(about: str, seen: str, mend: str) -> Finding:
    return Finding(about=about, verdict="fault", seen=seen, mend=mend)


# --- the system ----------------------------------------------------------------------------------


def debian() -> Finding:
    release = platform.freedesktop_os_release()
    name = f"{release.get('NAME', '?')} {release.get('VERSION_ID', '')}".strip()
    version = release.get("VERSION_ID", "")
    if release.get("ID") == "debian" and version.isdigit() and int(version) >= 12:
        return ok("system", name)
    return warning("system", name, "Debian 12 is what this is tested on")


def python() -> Finding:
    seen = f"Python {platform.python_version()} ({Path(sys.executable).resolve()})"
    if Path(sys.executable).resolve().parent == Path("/usr/bin"):
        return ok("python", seen)
    return fault("python", seen, "libvirt's binding needs /usr/bin/python3: start it by ./kumoi")


def packages() -> Iterator[Finding]:
    """A finding for each purpose of packages.txt."""
    for purpose, names in wanted_packages().items():
        missing = [name for name in names if not installed(name)]
        about = f"packages: {purpose}"
        if missing:
            command = f"apt-get install --no-install-recommends {' '.join(missing)}"
            verdict = fault if purpose in {"python", "cloud"} else warning
            yield verdict(about, f"missing: {', '.join(missing)}", command)
        else:
            yield ok(about, f"{len(names)} installed")


def wanted_packages() -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for line in PACKAGES.read_text().splitlines():
        if line and not line.startswith("#"):
            purpose, _, names = line.partition(":")
            wanted.setdefault(purpose, []).extend(names.split())
    return wanted


def installed(name: str) -> bool:
    asked = ["dpkg-query", "-W", "-f", "${db:Status-Status}", name]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout == "installed"


# --- what guests and networks need ---------------------------------------------------------------


def kvm() -> Finding:
    slow = "guests are emulated (TCG), some ten times slower"
    device = Path("/dev/kvm")
    if not device.exists():
        mend = "switch virtualisation on in the firmware, or nested virtualisation on the host"
        return warning("kvm", f"no {device}; {slow}", mend)
    try:
        handle = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    except OSError as refused:
        mend = f"adduser {account_name()} kvm" if isinstance(refused, PermissionError) else slow
        return warning("kvm", f"{device}: {refused.strerror}; {slow}", mend)
    try:
        fcntl.ioctl(handle, KVM_GET_API_VERSION)
        os.close(fcntl.ioctl(handle, KVM_CREATE_VM, 0))
    except OSError as refused:
        return warning("kvm", f"{device} makes no machine: {refused.strerror}; {slow}", "none known")
    finally:
        os.close(handle)
    if platform.machine() == "x86_64" and not {"vmx", "svm"} & processor_flags():
        # A paravirtual host lends a KVM in which an ordinary kernel crawls: it opens, no more.
        return warning("kvm", f"the processor has neither vmx nor svm; {slow}", "none known")
    return ok("kvm", "guests run on the processor itself")


def processor_flags() -> set[str]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def tun() -> Finding:
    device = Path("/dev/net/tun")
    if not device.exists():
        return fault("tun", f"no {device}", "modprobe tun")
    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except OSError as refused:
        mend = f"as root: chmod 666 {device}, which is what udev gives it"
        return fault("tun", f"{device}: {refused.strerror}", mend)
    return ok("tun", f"{device} can be opened")


def user_namespaces() -> Finding:
    """As root, tried as nobody: a cloud started by root does not run as root either."""
    command = ["unshare", "--map-root-user", "--map-auto", "--net", "--mount", "true"]
    if os.geteuid() == 0:
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        command = [*nobody, "unshare", "--map-root-user", "--net", "--mount", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as absent:
        return fault("namespaces", f"no {absent.filename}", "apt-get install util-linux")
    if done.returncode == 0:
        return ok("namespaces", "user, network and mount namespaces can be made")
    switches = "kernel.unprivileged_userns_clone=1, user.max_user_namespaces > 0"
    return fault("namespaces", done.stderr.strip() or "refused", f"uidmap installed? sysctl {switches}")


def sub_ids() -> Finding:
    name = account_name()
    for table in (Path("/etc/subuid"), Path("/etc/subgid")):
        if most_ids(table, name) < SUB_IDS:
            if os.geteuid() == 0:
                return ok("sub-ids", f"{name} gets them with the first `kumoi up`")
            mend = f"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}"
            return fault("sub-ids", f"{name} has none, or fewer than {SUB_IDS}, in {table}", mend)
    return ok("sub-ids", f"{name} has {SUB_IDS} of its own")


def most_ids(table: Path, name: str) -> int:
    rows = table.read_text().split() if table.exists() else []
    fields = [row.split(":") for row in rows]
    return max((int(field[2]) for field in fields if len(field) == 3 and field[0] == name), default=0)


def account_name() -> str:
    """The user that the cloud runs, or would run, as."""
    return ACCOUNT if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


# --- room ----------------------------------------------------------------------------------------


def folder(state: Path) -> Iterator[Finding]:
    """The state folder, or what it would be made in."""
    place = next(p for p in (state, *state.parents) if p.exists())
    kind = file_system(place)
    if kind in {"tmpfs", "ramfs"}:
        yield warning("state", f"{state} is on {kind}: gone at the next boot", "use --state DIR")
    elif not os.access(place, os.W_OK):
        yield fault("state", f"{place} cannot be written to", "use --state DIR")
    else:
        yield ok("state", f"{state} ({kind})")
    free_gib = shutil.disk_usage(place).free / GIB
    seen = f"{free_gib:.0f} GiB free"
    if free_gib < 2:
        yield fault("disk", seen, f"free some space below {place}, or use --state DIR")
    elif free_gib < 10:
        yield warning("disk", seen, "enough to look around; images and guests need more")
    else:
        yield ok("disk", seen)


def file_system(place: Path) -> str:
    """The type of the mount that `place` is on; later mounts hide earlier ones."""
    best, kind = Path("/"), "?"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        point = Path(left.split()[4])
        if place.resolve().is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, right.split()[0]
    return kind


def memory() -> Finding:
    rows = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    available_gib = next(int(row[1]) for row in rows if row[0] == "MemAvailable:") * 1024 / GIB
    seen = f"{available_gib:.1f} GiB available"
    if available_gib < 0.7:
        return warning("memory", seen, "the cloud takes 0.3 GiB, each guest its flavor's size")
    return ok("memory", seen)


def port(wanted: Port) -> Finding:
    about = f"port {wanted.number}"
    if wanted.own:
        return ok(about, "this cloud's own")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted.number))
        except OSError as refused:
            if not wanted.chosen:
                return ok(about, "taken: the next free one will be used")
            return warning(about, refused.strerror or "taken", "choose another: kumoi up --port")
    return ok(about, "free")
