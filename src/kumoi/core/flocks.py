"""What many (simulated) hosts ask and tell in one request: each question and report as a host of its own puts it."""

import msgspec

from kumoi.core.ids import HostId
from kumoi.core.plan import PLAN_FORMAT, Ask, FetchAsk, Report, SectionDelta


class FetchMany(msgspec.Struct, frozen=True, kw_only=True):
    """The questions of many (simulated) hosts in one; answered as soon as one of them has news, or after `wait_s`."""

    asks: tuple[FetchAsk, ...]
    wait_s: float = 25.0


class HostNews(msgspec.Struct, frozen=True, kw_only=True):
    """What is new for one host: places in `FetchedMany.sections`. `stale`: it has to say hello again."""

    host_id: HostId
    sections: tuple[int, ...] = ()
    asks: tuple[Ask, ...] = ()
    stale: bool = False


class FetchedMany(msgspec.Struct, frozen=True, kw_only=True):
    """Each delta once, however many hosts it is for. Hosts without news are left out."""

    epoch: int
    sections: tuple[SectionDelta, ...] = ()
    hosts: tuple[HostNews, ...] = ()
    format: int = PLAN_FORMAT


class ReportMany(msgspec.Struct, frozen=True, kw_only=True):
    reports: tuple[Report, ...]


class ReportsTaken(msgspec.Struct, frozen=True, kw_only=True):
    """`stale`: the hosts whose reports were refused, because their session is no longer the current one."""

    stale: tuple[HostId, ...] = ()
