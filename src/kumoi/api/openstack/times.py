"""Times as OpenStack's services write them."""

from datetime import UTC, datetime


def micro(at: float) -> str:
    """Keystone's: 2026-11-20T12:00:00.000000Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def second(at: float) -> str:
    """Nova's and Glance's: 2026-11-20T12:00:00Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
