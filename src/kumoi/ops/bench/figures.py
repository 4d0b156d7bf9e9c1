"""What is promised, and what was measured of it: arithmetic only."""

from statistics import median
from typing import Final, Literal

import msgspec

Unit = Literal["s", "ms", "MB", "kB", "% of a core", "errors", "×"]
Verdict = Literal["met", "missed", "no target", "not measured"]


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `most`: the target's bound, in `unit`; `peer`: the same of the peer, in its own words."""

    key: str
    about: str
    unit: Unit
    most: float | None = None
    peer: str = ""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of a promise, one value for each trial; `note` says what else there is to know."""

    values: tuple[float, ...]
    note: str = ""

    @property
    def median(self) -> float:
        return median(self.values)


def verdict(promise: Promise, figure: Figure | None) -> Verdict:
    """By the median."""
    if figure is None or not figure.values:
        return "not measured"
    if promise.most is None:
        return "no target"
    return "met" if figure.median <= promise.most else "missed"


PROMISES: Final = (
    Promise(
        key="up",
        about="`up` on a prepared machine until ready",
        unit="s",
        most=5,
        peer="81 to 94",
    ),
    Promise(
        key="memory",
        about="own processes, idle for 60 s: memory (PSS, without libvirtd)",
        unit="MB",
        most=300,
        peer="4,654 (62 processes)",
    ),
    Promise(key="idle", about="all processes, idle: CPU", unit="% of a core", peer="4.55"),
    Promise(key="active", about="server: POST to ACTIVE", unit="s", most=1.5, peer="2.75 to 4.09 (image cached)"),
    Promise(key="ssh", about="server: POST to a command run by ssh", unit="s", peer="6.2 to 8.4 (port 22 answers)"),
    Promise(key="sim_up", about="`up` of the simulator until ready", unit="s", most=5),
    Promise(key="sim_hosts", about="`up` of the simulator until 1,000 hosts are up", unit="s"),
    Promise(key="token", about="token validation: CPU", unit="ms", most=0.4, peer="8.63"),
    Promise(key="port", about="port create, its network on one host: CPU", unit="ms", most=20, peer="884"),
    Promise(key="wide_port", about="port create, its network on 1,000 hosts: CPU", unit="ms", most=20),
    Promise(key="burst_errors", about="burst of 1,000 servers on 1,000 hosts: not made", unit="errors", most=0),
    Promise(
        key="burst", about="the same, from POST to ACTIVE: CPU each", unit="ms", most=30, peer="3,026 (a burst of 100)"
    ),
    Promise(key="burst_wall", about="the same: until the last is ACTIVE", unit="s", peer="183 (a burst of 100)"),
    Promise(key="detail", about="GET /servers/detail of 1,000: CPU", unit="ms", most=100, peer="3,124"),
    Promise(key="echo", about="a key typed on a serial console until its echo, guest's time not counted", unit="ms",
            most=50),
    Promise(
        key="fan_out", about="one port more on a network of 1,000 hosts: until all hosts have it", unit="ms", most=200
    ),
    Promise(key="fan_out_cpu", about="the same: CPU", unit="ms"),
    Promise(key="wire", about="one port more among 1,000 of a host: until its packets pass", unit="ms", most=100),
    Promise(key="reload", about="1,000 ports of a host: all rules loaded anew", unit="ms", most=200),
    Promise(key="member", about="the same: one member more in a remote group", unit="ms", most=5),
    Promise(
        key="filtered", about="the same: time for a byte between guests, of that over an unfiltered bridge", unit="×",
        most=1.33,
    ),
    Promise(key="page", about="a page of the dashboard, 10 instances: CPU", unit="ms", most=50),
    Promise(key="full_page", about="the same, 10,000 instances: CPU", unit="ms", most=100),
    Promise(key="scripts", about="scripts of a page, packed", unit="kB", most=60),
    Promise(key="services", about="DHCP, DNS and metadata of 500 networks: memory (PSS)", unit="MB", most=100),
)  # fmt: skip
