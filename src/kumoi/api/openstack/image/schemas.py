"""/v2/schemas: what images, their members and metadata definitions look like, for clients that ask before they
write."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, get_args

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.image.images import READ_ONLY
from kumoi.api.openstack.image.metadef_entries import PROPERTY_TYPES
from kumoi.core.image_tasks import TaskStatus, TaskType
from kumoi.core.images import ContainerFormat, DiskFormat, ImageStatus, MemberStatus, Visibility
from kumoi.core.metadefs import MetadefVisibility

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
    "locations": {"type": "array", "items": {"type": "object", "required": ["url", "metadata"]}},
    "stores": _LINK,
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
_LINKS: Final = [{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"},
                {"rel": "describedby", "href": "{schema}"}]  # fmt: skip
_TEXTS: Final[Schema] = {"type": "array", "items": {"type": "string"}}
_THING: Final[Schema] = {"type": "object"}


def _list(name: str, key: str, item: Schema) -> Schema:
    properties = {key: {"type": "array", "items": item}, "first": _LINK, "next": _LINK, "schema": _LINK}
    return {"name": name, "properties": properties, "links": _LINKS}


def _one(name: str, properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    return {"name": name, "properties": properties, "required": list(required), "additionalProperties": False}


_MEMBER: Final = _one("member", {
    "created_at": _TIME, "updated_at": _TIME, "image_id": PROPERTIES["id"], "member_id": _LINK, "schema": _LINK,
    "status": {"type": "string", "enum": list(get_args(MemberStatus))},
})  # fmt: skip
_TASK: Final = _one("task", {
    "id": PROPERTIES["id"], "image_id": PROPERTIES["id"], "request_id": _LINK, "user_id": _LINK, "owner": _LINK,
    "type": {"type": "string", "enum": list(get_args(TaskType))}, "input": _THING, "result": _THING, "message": _LINK,
    "status": {"type": "string", "enum": list(get_args(TaskStatus))}, "self": _LINK, "schema": _LINK,
    "created_at": _TIME, "updated_at": _TIME, "expires_at": {"type": ["null", "string"]},
})  # fmt: skip
_NAME: Final[Schema] = {"type": "string", "maxLength": 80}
_PROPERTY: Final = {
    "name": "property", "required": ["name", "title", "type"], "additionalProperties": True,
    "properties": {"name": _NAME, "title": _TEXT, "description": _TEXT,
                   "type": {"type": "string", "enum": list(PROPERTY_TYPES)}},
}  # fmt: skip
_TAG: Final = _one("tag", {"name": _NAME, "created_at": _TIME, "updated_at": _TIME}, ("name",))
_OBJECT: Final = _one("object", {
    "name": _NAME, "description": _TEXT, "required": _TEXTS, "properties": _THING, "schema": _LINK, "self": _LINK,
    "created_at": _TIME, "updated_at": _TIME,
}, ("name",))  # fmt: skip
_RESOURCE_TYPE: Final = _one("resource_type_association", {
    "name": _NAME, "prefix": _TEXT, "properties_target": _TEXT, "created_at": _TIME, "updated_at": _TIME,
}, ("name",))  # fmt: skip
_NAMESPACE: Final = _one("namespace", {
    "namespace": _NAME, "display_name": _TEXT, "description": _TEXT, "owner": _TEXT, "protected": _SWITCH,
    "visibility": {"type": "string", "enum": list(get_args(MetadefVisibility))},
    "properties": _THING, "objects": {"type": "array", "items": _OBJECT}, "tags": {"type": "array", "items": _TAG},
    "resource_type_associations": {"type": "array", "items": _RESOURCE_TYPE},
    "self": _LINK, "schema": _LINK, "created_at": _TIME, "updated_at": _TIME,
}, ("namespace",))  # fmt: skip
SCHEMAS: Final[dict[str, Schema]] = {
    "image": IMAGE,
    "images": _list("images", "images", IMAGE),
    "member": _MEMBER,
    "members": _list("members", "members", _MEMBER),
    "task": _TASK,
    "tasks": _list("tasks", "tasks", _TASK),
    "metadefs/namespace": _NAMESPACE,
    "metadefs/namespaces": _list("namespaces", "namespaces", _NAMESPACE),
    "metadefs/object": _OBJECT,
    "metadefs/objects": _list("objects", "objects", _OBJECT),
    "metadefs/property": _PROPERTY,
    "metadefs/properties": {"name": "properties", "properties": {"properties": _THING}, "links": _LINKS},
    "metadefs/resource_type": _RESOURCE_TYPE,
    "metadefs/resource_types": _list("resource_type_associations", "resource_type_associations", _RESOURCE_TYPE),
    "metadefs/tag": _TAG,
    "metadefs/tags": _list("tags", "tags", _TAG),
}


def routes() -> list[Route]:
    return [
        Route("GET", f"/v2/schemas/{path}", partial(show, schema), "image.read", "image")
        for path, schema in SCHEMAS.items()
    ]


def show(schema: Schema, _request: Request) -> Response:
    return json_response(schema)
