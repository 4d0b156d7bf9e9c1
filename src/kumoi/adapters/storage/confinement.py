"""The child that looks at a hostile file: `python -m kumoi.adapters.storage.confinement CLAIMED < FILE`.

It gives up what it can of its own power before it reads the first byte, and answers one line of JSON. What does not
belong here: starting it and believing it (inspector), what the bytes must be like (image_headers, image_formats).
"""

import ctypes
import os
import resource
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from kumoi.adapters.storage.image_formats import judge
from kumoi.contracts.inspector import Inspected
from kumoi.core.errors import Fact, KumoiError

CPU_S: Final = 10
MEMORY_BYTES: Final = 512 << 20
_NOBODY: Final = 65534
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_NO_NEW_PRIVS: Final = 38
_LIMITS: Final = {
    resource.RLIMIT_CPU: CPU_S,
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 16,
}


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """A core error on its way out of the child."""

    code: str
    facts: dict[str, Fact]


class Accepted(msgspec.Struct, frozen=True, kw_only=True, tag="accepted"):
    inspected: Inspected


def confine(limits: Mapping[int, int] = MappingProxyType({})) -> None:
    """No other files, no network, nobody's uid, no way up again. Namespaces are not to be had everywhere.

    `limits`: other ones than those of looking at a file, by resource.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        libc.unshare(_CLONE_NEWNET)
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    else:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl PR_SET_NO_NEW_PRIVS")
    for limit, value in (_LIMITS | dict(limits)).items():
        resource.setrlimit(limit, (value, value))


def main() -> None:
    confine()
    size = os.fstat(0).st_size
    answer: Accepted | Refused
    try:
        answer = Accepted(inspected=judge(lambda offset, length: os.pread(0, length, offset), size, sys.argv[1]))
    except KumoiError as error:
        answer = Refused(code=error.code, facts=error.facts)
    os.write(1, msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
