"""Glance's JSON patch on one level, in both of its spellings: `{"op": "add", "path": "/x"}` (v2.1), `{"add": "/x"}`."""

from typing import Any, Literal

import msgspec

from kumoi.api.edge.errors import UnsupportedMediaType
from kumoi.api.edge.request import Request
from kumoi.core.errors import Invalid, Taken

MEDIA = "application/openstack-images-v2.1-json-patch"
ELDER_MEDIA = "application/openstack-images-v2.0-json-patch"
_OPERATIONS = ("add", "replace", "remove")


class Operation(msgspec.Struct):
    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = None


def operations(request: Request) -> list[Operation]:
    """What the request asks for, in order. Raises UnsupportedMediaType, Invalid."""
    media = (request.header("content-type") or "").partition(";")[0].strip()
    if media not in {MEDIA, ELDER_MEDIA}:
        raise UnsupportedMediaType("image", got=media, wanted=MEDIA)
    return request.json(list[Operation]) if media == MEDIA else _elder(request)


def patched(wanted: list[Operation], document: dict[str, Any]) -> dict[str, Any]:
    """The document with the operations done in order. Raises Invalid, Taken (kind property_missing)."""
    changed = dict(document)
    for operation in wanted:
        raw, _, place = operation.path.removeprefix("/").partition("/")
        name = raw.replace("~1", "/").replace("~0", "~")
        if not operation.path.startswith("/") or not name or "/" in place:
            raise Invalid("image", field="path", reason="format")
        if place:
            changed[name] = _in_list(changed.get(name, []), operation, place)
        else:
            _do(changed, operation, name)
    return changed


def _elder(request: Request) -> list[Operation]:
    found = []
    for one in request.json(list[dict[str, Any]]):
        words = [op for op in _OPERATIONS if op in one]
        if len(words) != 1 or not isinstance(one[words[0]], str):
            raise Invalid("image", field="op", reason="missing_action")
        found.append(msgspec.convert({"op": words[0], "path": one[words[0]], "value": one.get("value")}, Operation))
    return found


def _do(changed: dict[str, Any], operation: Operation, name: str) -> None:
    if operation.op != "add" and name not in changed:
        raise Taken("image", kind="property_missing", name=name)
    if operation.op == "remove":
        del changed[name]
    else:
        changed[name] = operation.value


def _in_list(held: Any, operation: Operation, place: str) -> list[Any]:
    """The list with one item added (`-`: at its end), replaced or removed."""
    if not isinstance(held, list):
        raise Invalid("image", field="path", reason="format")
    if place == "-" and operation.op == "add":
        return [*held, operation.value]
    most = len(held) if operation.op == "add" else len(held) - 1
    if not place.isdecimal() or int(place) > most:
        raise Invalid("image", field="path", reason="format")
    at = int(place)
    if operation.op == "add":
        return [*held[:at], operation.value, *held[at:]]
    return [*held[:at], *([] if operation.op == "remove" else [operation.value]), *held[at + 1 :]]
