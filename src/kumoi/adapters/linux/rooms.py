"""Network namespaces with a name, as things: made, listed, told apart, visited, removed, without a process.

A name is a file in the cloud's own /run/netns on which the namespace is bound. What does not belong here:
going inside with the calling thread (`netns`), the cloud's own namespaces (`namespace`), and what stands in one.
"""

import contextlib
import ctypes
import fcntl
import os
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from kumoi.adapters.linux import netns, syscalls

T = TypeVar("T")

_UNMOUNT_DETACH: Final = 2
_NS_GET_NSTYPE: Final = 0xB703
_libc: Final = ctypes.CDLL(None)


def names() -> list[str]:
    """Every name in use, ours or not."""
    return sorted(os.listdir(netns.FOLDER)) if netns.FOLDER.is_dir() else []


def exists(name: str) -> bool:
    """Whether the name leads to a namespace: a file whose bind mount is gone does not."""
    try:
        fd = os.open(netns.FOLDER / name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return bool(fcntl.ioctl(fd, _NS_GET_NSTYPE) == syscalls.CLONE_NEWNET)
    except OSError:
        return False
    finally:
        os.close(fd)


def inode(name: str) -> int:
    """What tells a namespace from a later one of the same name. Raises FileNotFoundError."""
    return (netns.FOLDER / name).stat().st_ino


def ensure(name: str) -> None:
    """Make it where it is missing."""
    if exists(name):
        return
    netns.FOLDER.mkdir(parents=True, exist_ok=True)
    path = netns.FOLDER / name
    path.unlink(missing_ok=True)
    path.touch(mode=0o444)

    def make() -> None:
        syscalls.unshare(syscalls.CLONE_NEWNET)
        syscalls.mount("/proc/thread-self/ns/net", str(path), syscalls.MS_BIND)

    in_thread(make)


def remove(name: str) -> None:
    """Take the name away; the namespace goes with its last socket."""
    path = netns.FOLDER / name
    if exists(name):
        _libc.umount2(os.fsencode(path), _UNMOUNT_DETACH)
    path.unlink(missing_ok=True)


def visit(name: str, act: Callable[[], T]) -> T:
    """Do something inside, by a thread that ends afterwards: nobody else is moved, whatever happens."""

    def there() -> T:
        with netns.inside(name):
            return act()

    return in_thread(there)


def send_off(name: str, act: Callable[[], None]) -> None:
    """The same for what nobody waits for, and whose failure (the namespace is gone) harms nobody."""

    def there() -> None:
        with contextlib.suppress(OSError), netns.inside(name):
            act()

    threading.Thread(target=there, name="netns-errand", daemon=True).start()


def in_thread(act: Callable[[], T]) -> T:
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(act())
        except BaseException as e:  # noqa: BLE001 - carried to the caller's thread, whatever it is
            failed.append(e)

    thread = threading.Thread(target=run, name="netns-visit")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]
