"""Into the guest: a real login, and what it says of itself."""

import shlex
from collections.abc import Callable
from typing import Final

from kumoi.ops.demo.guest import HELLO
from kumoi.ops.demo.telling import Teller
from kumoi.ops.demo.waiting import CannotDemo, wait

# Runs a command as root in the guest: exit code (255: ssh's own), and what was said.
Shell = Callable[[str], tuple[int, str]]

BOOT_S: Final = 180.0
_SSH_FAILED: Final = 255
_META: Final = "http://169.254.169.254/latest/meta-data"
_LOOKS: Final = (
    ("uname", "uname -a"),
    ("address", "ip -4 -o addr show dev eth0 | awk '{ print $4 }'"),
    ("uptime", "uptime"),
    ("instance-id", f"timeout 10 wget -q -O - {_META}/instance-id"),
    ("local-ipv4", f"timeout 10 wget -q -O - {_META}/local-ipv4"),
    ("public-ipv4", f"timeout 10 wget -q -O - {_META}/public-ipv4"),
    ("user data", "for i in 1 2 3 4 5 6 7 8 9 10; do [ -s /root/hello ] && break; sleep 1; done; cat /root/hello"),
)


def visit(teller: Teller, shell: Shell, reason: Callable[[], str]) -> None:
    """Raises CannotDemo when nobody answers in time, or the guest was not told who it is."""
    with teller.step("ssh") as step:
        last = ""

        def look() -> bool | None:
            nonlocal last
            code, last = shell("true")
            return True if code != _SSH_FAILED else None

        try:
            wait(step, look, lambda: reason() or "The guest boots.", BOOT_S)
        except CannotDemo as late:
            raise CannotDemo(f"{late} ssh says: {last}. See `openstack console log show demo`.") from late
        step.ended("done", "logged in")
    with teller.step("metadata") as step:
        found = {name: shell(command)[1].strip() for name, command in _LOOKS}
        step.ended("done", found["instance-id"])
    teller.say("", *(f"  {name:12} {value}" for name, value in found.items()), "")
    if not found["instance-id"]:
        raise CannotDemo("The guest has no answer from the metadata service: see `kumoi logs --program guestd`.")
    if found["user data"] != HELLO:
        raise CannotDemo(f"The guest did not run its user data: see `kumoi ssh demo {shlex.quote('cat /run/meta/*')}`.")
