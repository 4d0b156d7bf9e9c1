"""A way out without root: pasta (package passt) carries what the cloud sends outside by sockets of its own user.

It puts a device into the cloud's network namespace with the machine's own address and way out; what goes there leaves
the machine as connections of the cloud's user, and nothing comes in. The machine itself is not reached by it: its
address is the cloud's own inside, its loopback is left out. IPv4 only: guests have no addresses of the machine's.
"""

from pathlib import Path
from typing import Final

from kumoi.adapters.linux import nft
from kumoi.adapters.linux.links import sysctl
from kumoi.core.errors import Unavailable

PROGRAM: Final = Path("/usr/bin/pasta")
DEVICE: Final = "uplink"
_TABLE: Final = "ip kumoi_uplink"
_NOTHING_IN: Final = ("-t", "none", "-u", "none", "-T", "none", "-U", "none", "--no-map-gw")
# Only what comes from external networks goes out, and only its answers come back.
_RULES: Final = f"""\
table {_TABLE}
delete table {_TABLE}
table {_TABLE} {{
  chain passing {{
    type filter hook forward priority filter;
    iifname "{DEVICE}" ct state != {{ established, related }} counter drop
    oifname "{DEVICE}" iifname != "gw-*" counter drop
  }}
  chain leaving {{
    type nat hook postrouting priority srcnat;
    oifname "{DEVICE}" masquerade
  }}
}}
"""


def command(member: int) -> tuple[str, ...]:
    """For a process outside; `member` is one inside."""
    inside = f"/proc/{member}/ns"
    return (
        str(PROGRAM), "--foreground", "--quiet", "--ipv4-only", "--config-net", "--no-dhcp", *_NOTHING_IN,
        "--no-netns-quit", "--ns-ifname", DEVICE,
        "--userns", f"{inside}/user", "--netns", f"{inside}/net",
    )  # fmt: skip


def check() -> None:
    if not PROGRAM.exists():
        raise Unavailable("host", what=PROGRAM.name, reason="not_installed", package="passt")


def ensure_rules() -> None:
    """From external networks to the device, which need not be there, and back. In the calling thread's namespace."""
    sysctl({"ipv4/ip_forward": 1})
    if not nft.listing("table", *_TABLE.split()):
        nft.run(_RULES)
