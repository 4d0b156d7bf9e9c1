"""What a client says of a new server's place beside its zone: `os:scheduler_hints`.

`group`, `same_host` and `different_host` are obeyed. All others (Nova's own depend on how it is set up) are kept and
shown, and do nothing.
"""

from typing import Any, Final

from kumoi.core.errors import Invalid
from kumoi.core.ids import InstanceId, is_uuid
from kumoi.core.instances import Hints

_MOST: Final = 64
_LENGTH_MOST: Final = 1024
_OF_INSTANCES: Final = ("group", "same_host", "different_host")


def checked(hints: dict[str, Any]) -> Hints:
    """As they are kept: texts and lists of texts. Invalid for what names no server or group."""
    if len(hints) > _MOST:
        raise Invalid("api", field="os:scheduler_hints", reason="too_many", most=_MOST)
    kept: Hints = {}
    for name, value in hints.items():
        kept[name] = [str(v) for v in value] if isinstance(value, list) else str(value)
        if len(name) + len(str(value)) > _LENGTH_MOST:
            raise Invalid("api", field=f"os:scheduler_hints.{name[:32]}", reason="length", bound="at most 1024")
    for name in _OF_INSTANCES:
        for text in _texts(kept, name):
            if not is_uuid(text):
                raise Invalid("api", field=f"os:scheduler_hints.{name}", reason="not_a_uuid", value=text[:64])
    return kept


def group_of(hints: Hints) -> str:
    """The server group, where one is named."""
    named = _texts(hints, "group")
    return named[0] if named else ""


def instances_of(hints: Hints, name: str) -> tuple[InstanceId, ...]:
    return tuple(InstanceId(text) for text in _texts(hints, name))


def _texts(hints: Hints, name: str) -> list[str]:
    value = hints.get(name, [])
    return value if isinstance(value, list) else [value]
