"""What the network driver promises, measured on a kernel: in namespaces that are thrown away, without root.

The other side, which has the driver, is `cmd.bench_fabric`; it is a process of its own, because it lives elsewhere.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.ops.bench.figures import Figure

_ENTER: Final = 'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && exec "$@"'
_UNSHARE: Final = (
    "unshare", "-U", "-r", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private",
    "sh", "-c", _ENTER, "sh",
)  # fmt: skip
_PATIENCE_S: Final = 600


def measure(say: Callable[[str], None]) -> dict[str, Figure]:
    """Raises Unavailable where no namespaces can be made."""
    say("ports, groups and networks of one host, in namespaces of their own")
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run(
        (*_UNSHARE, sys.executable, "-P", "-m", "kumoi.cmd.bench_fabric"),
        capture_output=True,
        env=environ,
        timeout=_PATIENCE_S,
        check=False,
    )
    if done.returncode:
        raise Unavailable("host", what="namespaces", log=done.stderr.decode(errors="replace").splitlines()[-8:])
    return msgspec.json.decode(done.stdout, type=dict[str, Figure])
