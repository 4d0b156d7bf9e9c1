"""Decides whether the tiny guest must be built, and puts the result in place.

The result is named by what it is made from (our files and the packages' own hashes), appears all
at once, and is never changed. How it is made stands in files/build.sh.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FILES = Path(__file__).parent / "files"
KERNEL = "linux-image-cloud-amd64"  # depends on the kernel proper, whose name has its version
PACKAGES = (
    *("busybox-static", "dropbear-bin", "libc6", "libcrypt1", "libgmp10", "libtomcrypt1"),
    *("libtommath1", "zlib1g", "e2fsprogs", "libext2fs2", "libcom-err2"),
    *("qemu-guest-agent", "libglib2.0-0", "libpcre2-8-0", "libudev1", "libnuma1", "liburing2"),
)
PARTS = ("tiny.qcow2", "vmlinuz", "initrd", "cmdline")


class CannotBuild(Exception):
    """The message says what is wrong and what would help."""


@dataclass(frozen=True, kw_only=True)
class TinyImage:
    """A finished image: a folder with PARTS, readable by everybody, written by nobody."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "tiny.qcow2"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd"

    @property
    def command_line(self) -> str:
        return (self.folder / "cmdline").read_text().strip()


@dataclass(frozen=True, kw_only=True)
class Package:
    """A file of the package archive, as apt knows it from the signed lists."""

    name: str
    file: str
    sha256: str


def tiny_image(cache: Path, say: Callable[[str], None]) -> TinyImage:
    """The image of these files and today's packages; built in `cache` if it is not there.

    Without apt's lists the newest image of the same files will do. Raises CannotBuild.
    """
    recipe = recipe_digest()
    packages = list(wanted_packages())
    if not packages:
        return newest_of(cache, recipe)
    folder = cache / f"tiny-{recipe}-{digest(p.sha256.encode() for p in packages)}"
    if folder.is_dir():
        return TinyImage(folder=folder)
    cache.mkdir(parents=True, exist_ok=True)
    with alone(cache):
        if not folder.is_dir():
            debs = download(cache / "debs", packages, say)
            build(debs, folder, say)
    return TinyImage(folder=folder)


def copy_to(image: TinyImage, output: Path) -> None:
    """Put the parts into a folder of the user's choice, each at once."""
    output.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        half = output / f".{part}.new"
        shutil.copyfile(image.folder / part, half)
        half.replace(output / part)


# --- names ---------------------------------------------------------------------------------------


def recipe_digest() -> str:
    """Of all that we bring ourselves: names, modes and contents of FILES."""
    files = sorted(path for path in FILES.rglob("*") if path.is_file())
    return digest(str(f.relative_to(FILES)).encode() + b"\0" + f.read_bytes() for f in files)


def digest(parts: Iterator[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()[:12]


def newest_of(cache: Path, recipe: str) -> TinyImage:
    finished = sorted(cache.glob(f"tiny-{recipe}-*"), key=lambda p: p.stat().st_mtime)
    if not finished:
        raise CannotBuild("apt knows no packages: run `apt-get update` as root, then try again")
    return TinyImage(folder=finished[-1])


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """One build at a time; the lock dies with its holder, and so do the rests of a killed build."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for rest in cache.glob(".building-*"):
            shutil.rmtree(rest)
        yield


# --- packages ------------------------------------------------------------------------------------


def wanted_packages() -> Iterator[Package]:
    """What apt would download; nothing if its lists are empty."""
    depends = apt("apt-cache", "depends", KERNEL).split()
    kernel = [word for word in depends if word.startswith("linux-image-") and word != KERNEL]
    if not kernel:
        return
    for line in apt("apt-get", "--print-uris", "download", kernel[0], *PACKAGES).splitlines():
        _uri, file, _size, checksum = shlex.split(line)
        kind, _, value = checksum.partition(":")
        if kind != "SHA256":
            raise CannotBuild(f"apt has no SHA256 of {file}: run `apt-get update`, then try again")
        yield Package(name=file.partition("_")[0], file=file, sha256=value)


def apt(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def download(folder: Path, packages: list[Package], say: Callable[[str], None]) -> Path:
    """Fill a folder with exactly these packages; what is there and whole is not fetched again."""
    folder.mkdir(exist_ok=True)
    for stranger in set(folder.iterdir()) - {folder / p.file for p in packages}:
        stranger.unlink()
    absent = [p for p in packages if not whole(folder / p.file, p.sha256)]
    if absent:
        say(f"downloading {len(absent)} packages")
        names = [p.name for p in absent]
        run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names, folder=folder)
    broken = [p.file for p in absent if not whole(folder / p.file, p.sha256)]
    if broken:
        raise CannotBuild(f"{', '.join(broken)} came broken: try again")
    return folder


def whole(file: Path, sha256: str) -> bool:
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


# --- the build -----------------------------------------------------------------------------------


def build(debs: Path, folder: Path, say: Callable[[str], None]) -> None:
    """Run build.sh in a folder of another name, which gets its name when all is there."""
    say("building the tiny image")
    half = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    as_root = [] if os.geteuid() == 0 else ["fakeroot"]
    try:
        run(*as_root, "sh", str(FILES / "build.sh"), str(debs), str(half), folder=half)
        half.chmod(0o755)
        for part in PARTS:
            (half / part).chmod(0o644)
        half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def run(*command: str, folder: Path) -> None:
    """Run a program; if it fails, its last words are the reason. Raises CannotBuild."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as absent:
        raise CannotBuild(f"{absent.filename} is missing: see `kumoi doctor`") from absent
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines() or ["no words"]
        raise CannotBuild(f"{command[0]} failed ({done.returncode}): {words[-1]}")
