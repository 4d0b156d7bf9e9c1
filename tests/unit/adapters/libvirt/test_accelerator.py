"""Which accelerator is chosen, and that only a kernel that comes to its end counts as a boot."""

from pathlib import Path

import pytest

from kumoi.adapters.libvirt import accelerator
from kumoi.adapters.libvirt.accelerator import Trial
from kumoi.core.errors import Unavailable

NOWHERE = "qemu+unix:///system?socket=/nonexistent"


@pytest.fixture
def emulator(tmp_path: Path) -> Path:
    """A program that says and does what a test writes into it."""
    return tmp_path / "qemu"


def program(path: Path, text: str) -> Trial:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return Trial(emulator=str(path), kernel="/vmlinuz")


@pytest.mark.parametrize("setting", ["kvm", "tcg"])
def test_a_setting_is_obeyed_without_a_trial(setting: accelerator.Accelerator, tmp_path: Path) -> None:
    trial = Trial(emulator="/nonexistent", kernel="/nonexistent")
    assert accelerator.choose(setting, trial, NOWHERE, tmp_path / "cache") == setting


@pytest.mark.parametrize(
    ("cpuinfo", "has"),
    [
        ("model name\t: x\nflags\t\t: fpu vmx sse\n", True),
        ("flags\t\t: fpu svm\n", True),
        ("flags\t\t: fpu hypervisor svm_lock\n", False),
        ("vmx flags\t\t: \n", False),
        ("", False),
    ],
)
def test_the_cpu_must_have_it(cpuinfo: str, has: bool) -> None:
    assert accelerator.has_virtualisation(cpuinfo) == has


def test_a_verdict_is_kept_for_its_versions(tmp_path: Path) -> None:
    cache = tmp_path / "not yet there" / "accelerator.json"
    assert accelerator.remembered(cache, "qemu 7, kernel 6", lambda: "kvm") == "kvm"
    assert accelerator.remembered(cache, "qemu 7, kernel 6", lambda: "tcg") == "kvm"
    assert accelerator.remembered(cache, "qemu 8, kernel 6", lambda: "tcg") == "tcg"
    cache.write_bytes(b"{")
    assert accelerator.remembered(cache, "qemu 8, kernel 6", lambda: "kvm") == "kvm"


@pytest.mark.parametrize(
    ("text", "boots"),
    [
        ("echo '[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs'", True),
        ("echo 'Linux version 6.1'", False),
        ("echo 'failed to set MSR' >&2; exit 1", False),
        ("echo 'Linux version 6.1'; exec sleep 60", False),
    ],
)
def test_only_a_kernel_that_comes_to_its_end_has_booted(emulator: Path, text: str, boots: bool) -> None:
    assert accelerator.boots(program(emulator, text), limit_s=1.0) == boots


def test_a_libvirtd_that_never_comes_is_said() -> None:
    with pytest.raises(Unavailable):
        accelerator.is_listed(NOWHERE, patience_s=0.1)


def test_an_emulator_that_is_not_there_boots_nothing() -> None:
    assert not accelerator.boots(Trial(emulator="/nonexistent", kernel="/vmlinuz"))
    assert accelerator.version("/nonexistent") == ""


def test_the_version_is_the_first_line(emulator: Path) -> None:
    program(emulator, "echo 'QEMU emulator version 7.2'; echo 'Copyright'")
    assert accelerator.version(str(emulator)) == "QEMU emulator version 7.2"
