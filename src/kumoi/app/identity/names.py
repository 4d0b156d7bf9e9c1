"""The names of identity's things: how long they may be."""

from kumoi.core.errors import Invalid


def check_name(field: str, name: str, most: int) -> None:
    """Invalid where the name is blank or longer than `most` characters."""
    if not name.strip() or len(name) > most:
        raise Invalid("identity", field=field, reason="length", bound=f"from 1 to {most}")
