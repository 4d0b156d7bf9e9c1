"""Times as OpenStack's services write them."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from kumoi.core.errors import Invalid

_DAY_S: Final = 86400
_EPOCH: Final = date(1970, 1, 1).toordinal()


def micro(at: float) -> str:
    """Keystone's: 2026-11-20T12:00:00.000000Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def second(at: float) -> str:
    """Nova's and Glance's: 2026-11-20T12:00:00Z."""
    # Lists have thousands of these; a calendar for each of them takes five times as long.
    day, of_day = divmod(int(at // 1), _DAY_S)
    return f"{_date(day)}T{of_day // 3600:02}:{of_day // 60 % 60:02}:{of_day % 60:02}Z"


def bare(at: float) -> str:
    """Keystone's where it leaves the zone out: 2026-11-20T12:00:00.000000."""
    return micro(at).removesuffix("Z")


def seconds_of(field: str, text: str) -> float:
    """Since the epoch; UTC where no zone is said. Invalid for what is no time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as e:
        raise Invalid(field=field, reason="format") from e
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    """Of this many days after the epoch."""
    return date.fromordinal(_EPOCH + day).isoformat()
