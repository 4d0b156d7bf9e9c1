"""The rule of names that people give to things."""

from kumoi.core.errors import Invalid, Layer


def check_name(name: str, most: int, *, layer: Layer = "compute", field: str = "name") -> None:
    """Invalid unless it has 1 to `most` characters, none of them a control character and not all of them blanks."""
    if not 1 <= len(name) <= most:
        raise Invalid(layer, field=field, reason="length", bound=f"from 1 to {most}")
    if not name.strip() or any(c < " " or c == "\x7f" for c in name):
        raise Invalid(layer, field=field, reason="characters")
