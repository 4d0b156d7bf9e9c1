"""/v2/metadefs/namespaces/{namespace}/objects, properties, tags, resource_types: what is in a namespace."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import second
from kumoi.app.house import House
from kumoi.app.images import metadefs
from kumoi.app.images.metadefs import Draft
from kumoi.core.errors import Invalid
from kumoi.core.metadefs import EntryKind, MetadefEntry

SPACE: Final = "/v2/metadefs/namespaces/{namespace}"
LISTS: Final[dict[EntryKind, str]] = {
    "object": "objects", "property": "properties", "tag": "tags", "resource_type": "resource_types",
}  # fmt: skip
# A tag is nothing but its name; of the others, what a body must say besides.
REQUIRED: Final[dict[EntryKind, tuple[str, ...]]] = {"property": ("title", "type")}
PROPERTY_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")


def routes(house: House) -> list[Route]:
    found: list[Route] = []
    for kind, listed in LISTS.items():
        many, one = f"{SPACE}/{listed}", f"{SPACE}/{listed}/{{name}}"
        found += [
            Route("GET", many, partial(find, house, kind), "metadef.read", "image"),
            Route("DELETE", one, partial(delete, house, kind), "metadef.write", "image", success=204),
        ]
        if kind != "tag":
            found.append(Route("POST", many, partial(create, house, kind), "metadef.write", "image", success=201))
        if kind != "resource_type":
            found += [
                Route("DELETE", many, partial(clear, house, kind), "metadef.write", "image", success=204),
                Route("GET", one, partial(show, house, kind), "metadef.read", "image"),
                Route("PUT", one, partial(update, house, kind), "metadef.write", "image"),
            ]
    return [
        *found,
        Route("POST", f"{SPACE}/tags", partial(create_tags, house), "metadef.write", "image", success=201),
        Route("POST", f"{SPACE}/tags/{{name}}", partial(create_tag, house), "metadef.write", "image", success=201),
    ]


def find(house: House, kind: EntryKind, request: Request) -> Response:
    space = request.params["namespace"]
    entries = metadefs.entries(house, request.call(), space, kind)
    shown = [render_entry(space, one) for one in entries]
    if kind == "property":
        return json_response({"properties": {one.name: body for one, body in zip(entries, shown, strict=True)}})
    key = "resource_type_associations" if kind == "resource_type" else LISTS[kind]
    return json_response({key: shown, "schema": f"/v2/schemas/metadefs/{LISTS[kind]}"})


def show(house: House, kind: EntryKind, request: Request) -> Response:
    space = request.params["namespace"]
    return json_response(
        render_entry(space, metadefs.entry(house, request.call(), space, kind, request.params["name"]))
    )


def create(house: House, kind: EntryKind, request: Request) -> Response:
    draft = draft_of(kind, request.json(dict))
    return _made(house, request, draft)


def create_tag(house: House, request: Request) -> Response:
    return _made(house, request, Draft(kind="tag", name=request.params["name"]))


def create_tags(house: House, request: Request) -> Response:
    """In place of those that are there, unless a header says that they are added."""
    tags = request.json(dict[str, list[dict[str, Any]]]).get("tags", [])
    afresh = (request.header("x-openstack-append") or "").lower() != "true"
    space = request.params["namespace"]
    made = metadefs.add(house, request.call(), space, [draft_of("tag", one) for one in tags], afresh=afresh)
    return json_response({"tags": [render_entry(space, one) for one in made]}, 201)


def update(house: House, kind: EntryKind, request: Request) -> Response:
    space, draft = request.params["namespace"], draft_of(kind, request.json(dict))
    return json_response(
        render_entry(space, metadefs.change(house, request.call(), space, request.params["name"], draft))
    )


def delete(house: House, kind: EntryKind, request: Request) -> Response:
    metadefs.drop(house, request.call(), request.params["namespace"], kind, request.params["name"])
    return no_content()


def clear(house: House, kind: EntryKind, request: Request) -> Response:
    metadefs.drop(house, request.call(), request.params["namespace"], kind)
    return no_content()


def draft_of(kind: EntryKind, body: dict[str, Any]) -> Draft:
    """Raises Invalid for a body without a name, or a property without title and type."""
    name = body.get("name")
    if not isinstance(name, str):
        raise Invalid("image", field="name", reason="missing")
    for field in REQUIRED.get(kind, ()):
        if not isinstance(body.get(field), str):
            raise Invalid("image", field=field, reason="missing")
    if kind == "property" and body["type"] not in PROPERTY_TYPES:
        raise Invalid("image", field="type", reason="not_in_enum", value=str(body["type"]))
    shown = {"name", "created_at", "updated_at", "self", "schema", "namespace"}
    rest = {} if kind == "tag" else {key: value for key, value in body.items() if key not in shown}
    return Draft(kind=kind, name=name, body=msgspec.json.encode(rest).decode())


def _made(house: House, request: Request, draft: Draft) -> Response:
    space = request.params["namespace"]
    made = metadefs.add(house, request.call(), space, [draft])
    return json_response(render_entry(space, made[0]), 201)


def render_entry(space: str, entry: MetadefEntry) -> dict[str, Any]:
    shown = {**msgspec.json.decode(entry.body), "name": entry.name}
    if entry.kind == "property":
        return shown
    shown |= {"created_at": second(entry.created_at), "updated_at": second(entry.updated_at)}
    if entry.kind == "object":
        path = f"/v2/metadefs/namespaces/{space}/objects/{entry.name}"
        shown = {"properties": {}, "required": [], "description": "", **shown}
        shown |= {"self": path, "schema": "/v2/schemas/metadefs/object"}
    return shown
