"""Partial changes: Structs whose fields are UNSET unless the caller gave them."""

from typing import Any

import msgspec


def given(change: msgspec.Struct, *without: str) -> dict[str, Any]:
    """The fields that were given, by name, but those in `without`."""
    return {
        name: value
        for name in change.__struct_fields__
        if name not in without and (value := getattr(change, name)) is not msgspec.UNSET
    }
