"""/v2/schemas: what an image, and a list of them, looks like, for clients that ask before they write."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, get_args

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.image.images import READ_ONLY
from kumoi.core.images import ContainerFormat, DiskFormat, ImageStatus, Visibility

Schema = Mapping[str, Any]

_TEXT: Final[Schema] = {"type": ["null", "string"], "maxLength": 255}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_SIZE: Final[Schema] = {"type": ["null", "integer"]}
_SWITCH: Final[Schema] = {"type": "boolean"}
_TIME: Final[Schema] = {"type": "string"}
_LINK: Final[Schema] = {"type": "string"}
PROPERTIES: Final[dict[str, Schema]] = {
    "id": {"type": "string", "pattern": "^([0-9a-fA-F]){8}-([0-9a-fA-F]{4}-){3}([0-9a-fA-F]){12}$"},
    "name": _TEXT,
    "status": {"type": "string", "enum": list(get_args(ImageStatus))},
    "visibility": {"type": "string", "enum": list(get_args(Visibility))},
    "protected": _SWITCH,
    "os_hidden": _SWITCH,
    "checksum": {"type": ["null", "string"], "maxLength": 32},
    "os_hash_algo": {"type": ["null", "string"], "maxLength": 64},
    "os_hash_value": {"type": ["null", "string"], "maxLength": 128},
    "owner": _TEXT,
    "size": _SIZE,
    "virtual_size": _SIZE,
    "container_format": {"type": ["null", "string"], "enum": [None, *get_args(ContainerFormat)]},
    "disk_format": {"type": ["null", "string"], "enum": [None, *get_args(DiskFormat)]},
    "created_at": _TIME,
    "updated_at": _TIME,
    "tags": {"type": "array", "items": {"type": "string", "maxLength": 255}},
    "min_ram": _COUNT,
    "min_disk": _COUNT,
    "self": _LINK,
    "file": _LINK,
    "schema": _LINK,
}
IMAGE: Final[Schema] = {
    "name": "image",
    "properties": {
        name: {**schema, "readOnly": True} if name in READ_ONLY else schema for name, schema in PROPERTIES.items()
    },
    "additionalProperties": {"type": "string"},
    "links": [{"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"},
              {"rel": "describedby", "href": "{schema}"}],
}  # fmt: skip
IMAGES: Final[Schema] = {
    "name": "images",
    "properties": {"images": {"type": "array", "items": IMAGE}, "first": _LINK, "next": _LINK, "schema": _LINK},
    "links": [{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"},
              {"rel": "describedby", "href": "{schema}"}],
}  # fmt: skip


def routes() -> list[Route]:
    return [
        Route("GET", f"/v2/schemas/{schema['name']}", partial(show, schema), "image.read", "image")
        for schema in (IMAGE, IMAGES)
    ]


def show(schema: Schema, _request: Request) -> Response:
    return json_response(schema)
