"""Glance's JSON patch: add, replace, remove on one level (application/openstack-images-v2.1-json-patch)."""

from typing import Any, Literal

import msgspec

from kumoi.api.edge.errors import UnsupportedMediaType
from kumoi.api.edge.request import Request
from kumoi.core.errors import Invalid, Taken

MEDIA = "application/openstack-images-v2.1-json-patch"


class Operation(msgspec.Struct):
    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = None


def patched(request: Request, document: dict[str, Any]) -> dict[str, Any]:
    """The document with the request's operations done in order."""
    if (request.header("content-type") or "").partition(";")[0].strip() != MEDIA:
        raise UnsupportedMediaType("image", got=request.header("content-type") or "", wanted=MEDIA)
    changed = dict(document)
    for operation in request.json(list[Operation]):
        name = operation.path.removeprefix("/").replace("~1", "/").replace("~0", "~")
        if not operation.path.startswith("/") or not name or "/" in name.removesuffix("/-"):
            raise Invalid("image", field="path", reason="format")
        _do(changed, operation, name)
    return changed


def _do(changed: dict[str, Any], operation: Operation, name: str) -> None:
    if operation.op != "add" and name not in changed:
        raise Taken("image", kind="property_missing", name=name)
    if operation.op == "remove":
        del changed[name]
    elif name.endswith("/-"):
        changed[name.removesuffix("/-")] = [*changed.get(name.removesuffix("/-"), ()), operation.value]
    else:
        changed[name] = operation.value
