"""The real driver in a throw-away user, network, mount and pid namespace: no privilege is needed, nothing is left.

The test stays outside and asks (`linux_world` answers).
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from tests.contract.network.rig import Rig

from kumoi.adapters.linux import vlan_programs

_ENTER = """
mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && exec "$@"
"""
_UNSHARE = (
    "unshare", "-U", "-r", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private",
    "sh", "-c", _ENTER, "sh",
)  # fmt: skip


class Ask:
    """`rig.network.observe()` here is `world.network.observe()` there."""

    def __init__(self, process: subprocess.Popen[bytes], target: str = "") -> None:
        self._process = process
        self._target = target

    def __getattr__(self, name: str) -> "Ask":
        return Ask(self._process, f"{self._target}.{name}".lstrip("."))

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((self._target, arguments, named), self._process.stdin)
        self._process.stdin.flush()
        answer = pickle.load(self._process.stdout)
        if answer[0] == "refused":
            _, kind, layer, facts = answer
            raise kind(layer, **facts)
        assert answer[0] == "ok", answer[1]
        return answer[1]


@contextmanager
def linux_rig(*options: str) -> Iterator[Rig]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    # As `kumoi up` does for its cloud, which may not itself; and for the network outside, and for a guest: devices are
    # told apart by numbers that each network namespace has of its own.
    programs = [one for _ in range(3) if (one := vlan_programs.for_others())]
    handed = tuple(fd for one in programs for fd in one.descriptors().values())
    words = [word for one in programs for word in vlan_programs.words(one)]
    world = sys.executable, "-P", "-m", "tests.contract.network.linux_world", *words, *options
    process = subprocess.Popen(
        [*_UNSHARE, *world],
        pass_fds=handed,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
    )
    try:
        yield cast(Rig, Ask(process))
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait()
        for fd in handed:
            os.close(fd)
