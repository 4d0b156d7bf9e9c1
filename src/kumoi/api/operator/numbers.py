"""Numbers in a query. Raises Invalid (wrong_type) for what is none."""

from math import isfinite

from kumoi.api.edge.request import Request
from kumoi.core.errors import Invalid


def number(request: Request, name: str) -> float | None:
    """None where it is not given."""
    text = request.arg(name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise Invalid("api", field=name, reason="wrong_type", expected="float", got=text[:32])
    return value


def whole(request: Request, name: str, least: int = 0, most: int = 2**53) -> int | None:
    """None where it is not given; Invalid (range) outside of its bounds."""
    text = request.arg(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise Invalid("api", field=name, reason="wrong_type", expected="int", got=text[:32])
    if not least <= int(text) <= most:
        raise Invalid("api", field=name, reason="range", bound=f"{least} to {most}")
    return int(text)
