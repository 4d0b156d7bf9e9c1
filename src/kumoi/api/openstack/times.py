"""Times as OpenStack's services write them."""

from datetime import UTC, datetime

from kumoi.core.errors import Invalid


def micro(at: float) -> str:
    """Keystone's: 2026-11-20T12:00:00.000000Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def second(at: float) -> str:
    """Nova's and Glance's: 2026-11-20T12:00:00Z."""
    # Lists have thousands of these; strftime takes five times as long.
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


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
