"""The guest services under test: guestd for all of them, or dnsmasq (`--dnsmasq`) for one."""

import socket
import sys
from pathlib import Path

from kumoi.adapters.linux.dnsmasq import DnsmasqGuestServices
from kumoi.adapters.linux.guests import LinuxGuestServices

GUESTD, DNSMASQ = Path("/run/guestd.sock"), Path("/run/dnsmasq")


def services() -> LinuxGuestServices | DnsmasqGuestServices:
    return DnsmasqGuestServices(GUESTD, DNSMASQ) if "--dnsmasq" in sys.argv else LinuxGuestServices(GUESTD)


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        try:
            s.connect(str(path))
        except OSError:
            return False
    return True
