"""Numbers as Cinder takes them: also as texts of digits."""

from kumoi.core.errors import Invalid

Number = int | str | None


def size_of(field: str, value: Number) -> int:
    """In GiB, 1 or more. Invalid for what is none."""
    text = str(value).strip() if value is not None else ""
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise Invalid("api", field=field, reason="range", bound="1 or more")
    return int(text)
