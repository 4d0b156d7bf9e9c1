"""Figures, sizes and times as people read them, in both languages. The browser renews ages by the same rules."""

from datetime import UTC, datetime
from typing import Final

from kumoi.core.meters import Unit

MINUTE_S: Final = 60
HOUR_S: Final = 3600
DAY_S: Final = 86400
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
# Marks that turn the direction of text, and controls: harmless inside <bdi>, a nuisance in a title or a file's name.
_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def size(count: float, unit: str = "B") -> str:
    """`size(1536)` is `1.5 KiB`; `size(2048, "MiB")` is `2 GiB`."""
    place = _UNITS.index(unit)
    while count >= 1024 and place < len(_UNITS) - 1:
        count /= 1024
        place += 1
    return f"{_short(count)} {_UNITS[place]}"


def number(count: float) -> str:
    """`12,345`."""
    return f"{count:,.0f}" if count == int(count) else f"{count:,.1f}"


def quantity(value: float | None, unit: Unit) -> str:
    """What was measured, as charts say it too (script/charts.js)."""
    if value is None:
        return "–"
    if unit == "%":
        return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"
    return f"{size(value)}/s" if unit == "B/s" else size(value)


def age(seconds: float) -> tuple[str, int]:
    """The word (`ago.*`) for something so long ago, and its number."""
    if seconds < MINUTE_S:
        return "ago.now", 0
    if seconds < HOUR_S:
        return "ago.m", int(seconds // MINUTE_S)
    if seconds < DAY_S:
        return "ago.h", int(seconds // HOUR_S)
    return "ago.d", int(seconds // DAY_S)


def iso(at: float) -> str:
    """For `datetime` attributes and tooltips: UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def plain(text: str) -> str:
    """One line without controls and without marks that turn the direction of what follows."""
    return "".join(c if c >= " " and c != "\x7f" else " " for c in text if c not in _DIRECTIONS)


def _short(count: float) -> str:
    text = f"{count:.1f}" if count < 100 else f"{count:.0f}"
    return text.removesuffix(".0")
