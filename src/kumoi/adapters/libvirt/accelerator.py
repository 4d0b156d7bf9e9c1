"""Whether KVM works here. Nothing static tells: /dev/kvm may open, libvirt may list it, and guests crawl or die all the
same (paravirtualised hosts). So the tiny kernel is really booted, once for each version of QEMU and kernel.

What does not belong here: what the answer changes (domain_xml).
"""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import libvirt
import msgspec

from kumoi.adapters.libvirt.connection import Connection
from kumoi.adapters.libvirt.domain_xml import Accelerator
from kumoi.adapters.libvirt.refusals import translated
from kumoi.core.errors import Unavailable
from kumoi.runtime.state_folder import replace

LIMIT_S: Final = 5.0
PATIENCE_S: Final = 30.0
_PAUSE_S: Final = 0.5
# A kernel without a root disk panics at its very end: until there it has done all that a guest's boot needs.
_MARK: Final = b"Kernel panic - not syncing"
_COMMAND_LINE: Final = "console=ttyS0 panic=-1"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """How to boot the tiny kernel as a guest would be: by this emulator, as this uid and gid (None: as ourselves)."""

    emulator: str
    kernel: str
    uid: int | None = None
    gid: int | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the cache file holds: `key` is what it is true for."""

    key: str
    accelerator: Accelerator


def choose(setting: Literal["auto", "kvm", "tcg"], trial: Trial, uri: str, cache: Path) -> Accelerator:
    """KVM where it is chosen; or where the CPU has it, the trial boots within LIMIT_S and libvirt lists it. Without a
    kernel to try, the CPU and libvirt must do, and nothing is remembered.

    Raises Unavailable (what: libvirtd) only after all else spoke for KVM and PATIENCE_S have passed.
    """
    if setting != "auto":
        return setting
    if not has_virtualisation(Path("/proc/cpuinfo").read_text()):
        return "tcg"
    if not os.access(trial.kernel, os.R_OK):
        return "kvm" if is_listed(uri) else "tcg"
    key = f"{version(trial.emulator)}, kernel {os.uname().release}"
    return remembered(cache, key, lambda: "kvm" if boots(trial) and is_listed(uri) else "tcg")


def has_virtualisation(cpuinfo: str) -> bool:
    """The text of /proc/cpuinfo has Intel's or AMD's flag."""
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "").split()
    return "vmx" in flags or "svm" in flags


def remembered(cache: Path, key: str, ask: Callable[[], Accelerator]) -> Accelerator:
    """The cached verdict where it is for this key, or a new one, written down."""
    try:
        verdict = msgspec.json.decode(cache.read_bytes(), type=Verdict)
        if verdict.key == key:
            return verdict.accelerator
    except (FileNotFoundError, msgspec.DecodeError):
        pass
    accelerator = ask()
    cache.parent.mkdir(parents=True, exist_ok=True)
    replace(cache, msgspec.json.encode(Verdict(key=key, accelerator=accelerator)))
    return accelerator


def version(emulator: str) -> str:
    """The emulator's own first line; empty where it does not run."""
    try:
        said = subprocess.run([emulator, "--version"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.partition("\n")[0]


def is_listed(uri: str, patience_s: float = PATIENCE_S) -> bool:
    """Whether libvirt offers domains of type kvm. A libvirtd that is still starting is waited for."""
    connection = Connection(uri)
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return _lists_kvm(connection)
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)


def _lists_kvm(connection: Connection) -> bool:
    with translated("capabilities"):
        try:
            connection.get().getDomainCapabilities(virttype="kvm")
        except libvirt.libvirtError as error:
            if error.get_error_code() in {libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_CONFIG_UNSUPPORTED}:
                return False
            raise
    return True


def boots(trial: Trial, accelerator: Accelerator = "kvm", limit_s: float = LIMIT_S) -> bool:
    """Boot the kernel with nothing else, and see whether it comes to its end in time."""
    command = [
        trial.emulator, "-accel", accelerator, "-cpu", "host" if accelerator == "kvm" else "max", "-m", "128",
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio", "-sandbox", "on",
        "-kernel", trial.kernel, "-append", _COMMAND_LINE,
    ]  # fmt: skip
    # -no-reboot: QEMU ends when the panicked kernel would reset the machine.
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit_s, check=False, cwd="/",
            user=trial.uid, group=trial.gid, extra_groups=None if trial.uid is None else [],
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return _MARK in done.stdout
