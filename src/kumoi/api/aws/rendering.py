"""Values to XML: each output shape of a model compiled once into closures that append text. Error documents too.

A value of the wrong type or an unknown member is a mistake of ours and raises; None is left out.
"""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from kumoi.api.aws.models import Output, Ref, ServiceModel, Shape

Add = Callable[[str], None]
Writer = Callable[[Add, Any], None]
Text = Callable[[Any], str]
# How a member is written: (before, after, its text if plain, its writer if not)
_Entry = tuple[str, str, Text | None, Writer | None]

HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

_SPECIAL: Final = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# XML 1.0 has no spelling at all for most control characters: they become U+FFFD, as browsers do.
_ESCAPED: Final = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "\r": "&#13;",
}


def escape(text: str) -> str:
    """Text as XML character data that every parser takes."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda m: _ESCAPED.get(m[0], "\ufffd"), text)


@lru_cache(maxsize=4096)
def time_text(seconds: float) -> str:
    """Seconds since the epoch as AWS writes them: 2026-11-20T12:00:00.000Z."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


class Writers:
    """Compiles shapes of one model; a shape is compiled once, and may hold itself."""

    def __init__(self, model: ServiceModel) -> None:
        self._shapes = model.shapes
        self._made: dict[str, Writer] = {}

    def writer(self, shape_name: str) -> Writer:
        """For structures, lists and maps; the text of others is `_text_of`."""
        made = self._made.get(shape_name)
        if made is None:
            self._made[shape_name] = lambda add, value: self._made[shape_name](add, value)
            made = self._made[shape_name] = self._compile(self._shapes[shape_name])
        return made

    def _compile(self, shape: Shape) -> Writer:
        match shape.type:
            case "structure":
                return self._structure(shape)
            case "map":
                return self._map(shape)
            case "list":
                return self._list(shape, None)
            case _:
                text = _text_of(shape)
                return lambda add, value: add(text(value))

    def _entry(self, ref: Ref, name: str) -> _Entry:
        shape = self._shapes[ref.shape]
        text = _text_of(shape) if shape.type not in {"structure", "list", "map"} else None
        if shape.type == "list" and shape.flattened:
            item = shape.member.location_name if shape.member is not None else None
            return "", "", None, self._list(shape, item or name)
        writer = None if text is not None else self.writer(ref.shape)
        return f"<{name}>", f"</{name}>", text, writer

    def _structure(self, shape: Shape) -> Writer:
        entries: dict[str, _Entry] = {}
        for member, ref in shape.members.items():
            location = ref.location_name or self._shapes[ref.shape].location_name
            entries[member] = self._entry(ref, location or member)

        def write(add: Add, value: dict[str, Any]) -> None:
            for member, item in value.items():
                if item is None:
                    continue
                before, after, text, writer = entries[member]
                if text is not None:
                    add(before + text(item) + after)
                elif writer is not None:
                    add(before)
                    writer(add, item)
                    add(after)

        return write

    def _list(self, shape: Shape, flat_name: str | None) -> Writer:
        if shape.member is None:
            raise TypeError("the model's list lacks its members' shape")
        name = flat_name or shape.member.location_name or "member"
        before, after, text, writer = self._entry(shape.member, name)

        def write(add: Add, value: list[Any]) -> None:
            for item in value:
                if text is not None:
                    add(before + text(item) + after)
                elif writer is not None:
                    add(before)
                    writer(add, item)
                    add(after)

        return write

    def _map(self, shape: Shape) -> Writer:
        if shape.key is None or shape.value is None:
            raise TypeError("the model's map lacks its shapes")
        key = self._entry(shape.key, shape.key.location_name or "key")
        value = self._entry(shape.value, shape.value.location_name or "value")

        def write(add: Add, pairs: dict[str, Any]) -> None:
            for pair in pairs.items():
                add("<entry>")
                for (before, after, text, writer), part in zip((key, value), pair, strict=True):
                    add(before)
                    if text is not None:
                        add(text(part))
                    elif writer is not None:
                        writer(add, part)
                    add(after)
                add("</entry>")

        return write


def _text_of(shape: Shape) -> Text:
    match shape.type:
        case "string":
            return escape
        case "integer" | "long":
            return _whole
        case "boolean":
            return _boolean
        case "timestamp":
            return time_text
        case "blob":
            return _blob
        case _:
            return _number


def _whole(value: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a whole number is wanted, not {value!r}")
    return str(value)


def _boolean(value: bool) -> str:
    if not isinstance(value, bool):
        raise TypeError(f"True or False is wanted, not {value!r}")
    return "true" if value else "false"


def _number(value: float) -> str:
    return repr(float(value))


def _blob(value: bytes) -> str:
    return base64.b64encode(value).decode()


def ec2_document(operation: str, namespace: str, request_id: str, body: Writer | None, values: dict[str, Any]) -> bytes:
    """EC2's answer: the request's id first, then the members. One without an output says `return`, as AWS does."""
    parts = [
        HEAD,
        f'<{operation}Response xmlns="{namespace}/"><requestId>{escape(request_id)}</requestId>',
    ]
    if body is not None:
        body(parts.append, values)
    else:
        parts.append("<return>true</return>")
    parts.append(f"</{operation}Response>")
    return "".join(parts).encode()


def query_document(
    operation: str,
    namespace: str,
    request_id: str,
    output: tuple[Output, Writer] | None,
    values: dict[str, Any],
) -> bytes:
    """The other services' answer: the result in a wrapper of its own, the request's id last."""
    parts = [HEAD, f'<{operation}Response xmlns="{namespace}">']
    if output is not None:
        wrapper = output[0].result_wrapper or f"{operation}Result"
        parts.append(f"<{wrapper}>")
        output[1](parts.append, values)
        parts.append(f"</{wrapper}>")
    parts.append(
        f"<ResponseMetadata><RequestId>{escape(request_id)}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return "".join(parts).encode()


def ec2_error(code: str, message: str, request_id: str) -> bytes:
    return (
        f"{HEAD}<Response><Errors><Error><Code>{escape(code)}</Code>"
        f"<Message>{escape(message)}</Message></Error></Errors>"
        f"<RequestID>{escape(request_id)}</RequestID></Response>"
    ).encode()


def query_error(code: str, message: str, request_id: str, namespace: str, *, ours: bool) -> bytes:
    """`ours`: the fault is the service's, not the caller's."""
    fault = "Receiver" if ours else "Sender"
    return (
        f'{HEAD}<ErrorResponse xmlns="{namespace}"><Error><Type>{fault}</Type>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{escape(request_id)}</RequestId></ErrorResponse>"
    ).encode()
