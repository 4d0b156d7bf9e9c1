"""Form fields to values: each input shape of a model compiled once into closures. Rules of the fields' values only.

Wrong input is core's Invalid with the parameter's own dotted name; nothing else is ever raised.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable, Iterable, Sized
from datetime import UTC, datetime
from typing import Any, Final

from kumoi.api.aws.models import Protocol, Ref, ServiceModel, Shape
from kumoi.core.errors import Fact, Invalid

# A parameter's name split at its dots: {"Filter": {"1": {"Name": "x", "Value": {"1": "y"}}}}
Node = str | dict[str, Any]
Reader = Callable[[Node, str], Any]

DEEPEST: Final = 16
_INDEX: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_BITS: Final = {"integer": 31, "long": 63}
_COMMON: Final = frozenset(
    {
        "Action",
        "Version",
        "AWSAccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "Timestamp",
        "Expires",
        "SecurityToken",
    }
)


def tree_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Fields as a tree, those of the wire itself (Action, Version, signatures) left out."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        if name in _COMMON or name.startswith("X-Amz-"):
            continue
        *above, last = name.split(".")
        if len(above) >= DEEPEST:
            raise wrong(name[:200], "unknown_field")
        node = root
        for part in above:
            child = node.setdefault(part, {})
            if not isinstance(child, dict):
                raise wrong(name, "unknown_field")
            node = child
        if last in node:
            raise wrong(name, "twice")
        node[last] = value
    return root


def wrong(field: str, reason: str, **facts: Fact) -> Invalid:
    return Invalid("api", field=field, reason=reason, **facts)


class Readers:
    """Compiles shapes of one model; a shape is compiled once, and may hold itself."""

    def __init__(self, model: ServiceModel) -> None:
        self._shapes = model.shapes
        self._protocol: Protocol = model.metadata.protocol
        self._made: dict[str, Reader] = {}

    def reader(self, ref: Ref) -> Reader:
        made = self._made.get(ref.shape)
        if made is None:
            self._made[ref.shape] = lambda node, path: self._made[ref.shape](node, path)
            made = self._made[ref.shape] = self._compile(self._shapes[ref.shape])
        return made

    def _compile(self, shape: Shape) -> Reader:
        match shape.type:
            case "structure":
                return self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case "string":
                return _string(shape)
            case "integer" | "long":
                return _whole(shape)
            case "double" | "float":
                return _scalar(_read_float)
            case "boolean":
                return _scalar(_read_boolean)
            case "timestamp":
                return _scalar(_read_time)
            case "blob":
                return _scalar(_read_blob)

    def _structure(self, shape: Shape) -> Reader:
        names = {self._wire_name(member, ref): member for member, ref in shape.members.items()}
        readers = {wire: self.reader(shape.members[member]) for wire, member in names.items()}
        required = [(wire, member) for wire, member in names.items() if member in shape.required]
        strict = self._protocol == "ec2"

        def read(node: Node, path: str) -> dict[str, Any]:
            value: dict[str, Any] = {}
            for wire, child in _fields(node, path):
                reader = readers.get(wire)
                if reader is not None:
                    value[names[wire]] = reader(child, f"{path}.{wire}" if path else wire)
                elif strict:
                    raise wrong(f"{path}.{wire}" if path else wire, "unknown_field")
            for wire, member in required:
                if member not in value:
                    raise wrong(f"{path}.{wire}" if path else wire, "missing")
            return value

        return read

    def _wire_name(self, member: str, ref: Ref) -> str:
        """The name of a member's parameter; see botocore's serializers for the two protocols' ways."""
        shape = self._shapes[ref.shape]
        location = ref.location_name or shape.location_name
        if self._protocol == "ec2":
            if ref.query_name:
                return ref.query_name
            return location[:1].upper() + location[1:] if location else member
        if shape.flattened and shape.member is not None and shape.member.location_name:
            return shape.member.location_name
        return location or member

    def _list(self, shape: Shape) -> Reader:
        item = _given(shape.member)
        reader = self.reader(item)
        wrapped = self._protocol == "query" and not shape.flattened
        inner = item.location_name or "member"

        def read(node: Node, path: str) -> list[Any]:
            if node == "":
                return []
            items = node
            if wrapped:
                for name, child in _fields(node, path):
                    if name != inner:
                        raise wrong(f"{path}.{name}", "unknown_field")
                    items, path = child, f"{path}.{inner}"
            value = [reader(child, at) for at, child in _indexed(items, path)]
            _measure(value, shape, path)
            return value

        return read

    def _map(self, shape: Shape) -> Reader:
        key, value = _given(shape.key), _given(shape.value)
        key_name, value_name = key.location_name or "key", value.location_name or "value"
        read_key, read_value = self.reader(key), self.reader(value)
        wrapped = not shape.flattened

        def read(node: Node, path: str) -> dict[Any, Any]:
            if node == "":
                return {}
            entries = dict(_fields(node, path)).get("entry", {}) if wrapped else node
            pairs = {}
            for at, entry in _indexed(entries, path):
                fields = dict(_fields(entry, at))
                if key_name not in fields or value_name not in fields:
                    raise wrong(at, "missing")
                pairs[read_key(fields[key_name], at)] = read_value(fields[value_name], at)
            return pairs

        return read


def _given(ref: Ref | None) -> Ref:
    if ref is None:
        raise TypeError("the model's list or map lacks its members' shape")
    return ref


def _fields(node: Node, path: str) -> Iterable[tuple[str, Node]]:
    """A structure's fields; a plain value in its place is a parameter that nobody knows."""
    if isinstance(node, str):
        raise wrong(path, "unknown_field")
    return node.items()


def _indexed(node: Node, path: str) -> list[tuple[str, Node]]:
    """A list's items by their numbers, which may have holes."""
    by_number: dict[int, tuple[str, Node]] = {}
    for index, child in _fields(node, path):
        at = f"{path}.{index}"
        if not _INDEX.fullmatch(index):
            raise wrong(at, "unknown_field")
        if int(index) in by_number:
            raise wrong(at, "twice")
        by_number[int(index)] = at, child
    return [by_number[number] for number in sorted(by_number)]


def _measure(value: Sized, shape: Shape, path: str) -> None:
    if shape.min is not None and len(value) < shape.min:
        raise wrong(path, "length", kind=shape.type, bound=f">= {shape.min:g}")
    if shape.max is not None and len(value) > shape.max:
        raise wrong(path, "length", kind=shape.type, bound=f"<= {shape.max:g}")


def _scalar(read: Callable[[str, str], Any]) -> Reader:
    def checked(node: Node, path: str) -> Any:
        if not isinstance(node, str):
            raise wrong(path, "wrong_type", expected="value", got="list")
        return read(node, path)

    return checked


def _string(shape: Shape) -> Reader:
    def read(text: str, path: str) -> str:
        _measure(text, shape, path)
        return text

    return _scalar(read)


def _whole(shape: Shape) -> Reader:
    most = (1 << _BITS[shape.type]) - 1
    low = -most - 1 if shape.min is None else shape.min
    high = most if shape.max is None else shape.max

    def read(text: str, path: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise wrong(path, "wrong_type", expected="int", got=text[:100])
        number = int(text)
        if number < low:
            raise wrong(path, "range", kind="int", bound=f">= {low:.0f}")
        if number > high:
            raise wrong(path, "range", kind="int", bound=f"<= {high:.0f}")
        return number

    return _scalar(read)


def _read_float(text: str, path: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise wrong(path, "wrong_type", expected="float", got=text[:100])
    return number


def _read_boolean(text: str, path: str) -> bool:
    match text.lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise wrong(path, "wrong_type", expected="bool", got=text[:100])


def _read_time(text: str, path: str) -> float:
    """Seconds since the epoch, from ISO 8601; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise wrong(path, "wrong_type", expected="timestamp", got=text[:100]) from None


def _read_blob(text: str, path: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wrong(path, "base64") from None


def first(pairs: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of a field."""
    return next((value for key, value in pairs if key == name), None)
