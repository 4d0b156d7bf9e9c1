"""/v2/metadefs/namespaces and /v2/metadefs/resource_types: metadata definitions, by namespace."""

from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.image.asked import number
from kumoi.api.openstack.image.metadef_entries import draft_of, render_entry
from kumoi.api.openstack.times import second
from kumoi.app.house import House
from kumoi.app.images import metadefs
from kumoi.core.given import given
from kumoi.core.ids import MetadefNamespaceId, ProjectId
from kumoi.core.metadefs import RESOURCE_TYPES, EntryKind, MetadefEntry, MetadefNamespace, MetadefVisibility
from kumoi.core.query import MAX_PAGE, Filter, Order, Query, eq

DEFAULT_PAGE = 25
PATH = "/v2/metadefs/namespaces"
Text = Annotated[str, Meta(max_length=80)]


class NamespaceBody(msgspec.Struct):
    namespace: Annotated[str, Meta(min_length=1, max_length=80)]
    display_name: Text | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    visibility: MetadefVisibility | UnsetType = UNSET
    protected: bool | UnsetType = UNSET
    owner: str | None = None
    resource_type_associations: list[dict[str, Any]] = []
    properties: dict[str, dict[str, Any]] = {}
    objects: list[dict[str, Any]] = []
    tags: list[dict[str, Any]] = []


def routes(house: House) -> list[Route]:
    one = PATH + "/{namespace}"
    return [
        Route("GET", "/v2/metadefs/resource_types", partial(resource_types, house), "metadef.read", "image"),
        Route("GET", PATH, partial(find, house), "metadef.read", "image"),
        Route("POST", PATH, partial(create, house), "metadef.write", "image", body_type=NamespaceBody, success=201),
        Route("GET", one, partial(show, house), "metadef.read", "image"),
        Route("PUT", one, partial(update, house), "metadef.write", "image", body_type=NamespaceBody),
        Route("DELETE", one, partial(delete, house), "metadef.write", "image", success=204),
    ]


def resource_types(house: House, request: Request) -> Response:
    names = sorted(metadefs.resource_types(house, request.call()).union(RESOURCE_TYPES))
    return json_response({"resource_types": [{"name": name} for name in names]})


def find(house: House, request: Request) -> Response:
    query = _query(request)
    found = metadefs.find(house, request.call(), query)
    shown: dict[str, Any] = {
        "namespaces": [render(one) for one in found],
        "first": PATH,
        "schema": "/v2/schemas/metadefs/namespaces",
    }
    if found and len(found) == query.limit:
        shown["next"] = f"{PATH}?limit={query.limit}&marker={found[-1].name}"
    return json_response(shown)


def create(house: House, request: Request) -> Response:
    body = request.json(NamespaceBody)
    wish: MetadefNamespace = replace(
        MetadefNamespace(id=MetadefNamespaceId(""), project_id=ProjectId(body.owner or ""), name=body.namespace),
        **_fields(body),
    )
    nested: list[tuple[EntryKind, dict[str, Any]]] = [
        *(("resource_type", one) for one in body.resource_type_associations),
        *(("property", {**one, "name": name}) for name, one in body.properties.items()),
        *(("object", one) for one in body.objects),
        *(("tag", one) for one in body.tags),
    ]
    made = metadefs.create(house, request.call(), wish, [draft_of(kind, one) for kind, one in nested])
    space, entries = metadefs.get(house, request.call(), made.name)
    return json_response(_whole(space, entries), 201, [("Location", f"{request.base_url}/image{PATH}/{made.name}")])


def show(house: House, request: Request) -> Response:
    return json_response(_whole(*metadefs.get(house, request.call(), request.params["namespace"])))


def update(house: House, request: Request) -> Response:
    body = request.json(NamespaceBody)
    changes = {"name": body.namespace, **_fields(body)}
    return json_response(render(metadefs.update(house, request.call(), request.params["namespace"], changes)))


def delete(house: House, request: Request) -> Response:
    metadefs.delete(house, request.call(), request.params["namespace"])
    return no_content()


def _fields(body: NamespaceBody) -> dict[str, str | bool]:
    nested = ("resource_type_associations", "properties", "objects", "tags")
    return given(body, "namespace", "owner", *nested)


def _query(request: Request) -> Query:
    filters: list[Filter] = [eq("visibility", v) for k, v in request.query if k == "visibility"]
    limit = min(number("limit", request.arg("limit") or str(DEFAULT_PAGE)), MAX_PAGE)
    if (marker := request.arg("marker")) is not None:
        filters.append(Filter("name", "gt", marker))
    return Query(filters=tuple(filters), order=(Order("name"),), limit=limit)


def render(space: MetadefNamespace) -> dict[str, Any]:
    return {
        "namespace": space.name,
        "display_name": space.display_name,
        "description": space.description,
        "visibility": space.visibility,
        "protected": space.protected,
        "owner": space.project_id,
        "created_at": second(space.created_at),
        "updated_at": second(space.updated_at),
        "self": f"{PATH}/{space.name}",
        "schema": "/v2/schemas/metadefs/namespace",
    }


def _whole(space: MetadefNamespace, entries: list[MetadefEntry]) -> dict[str, Any]:
    """With what is in it; kinds of which there is nothing are left out."""
    shown = render(space)
    held = {kind: [e for e in entries if e.kind == kind] for kind in ("resource_type", "property", "object", "tag")}
    lists = (("resource_type_associations", "resource_type"), ("objects", "object"), ("tags", "tag"))
    shown |= {name: [render_entry(space.name, e) for e in held[kind]] for name, kind in lists if held[kind]}
    if held["property"]:
        shown["properties"] = {e.name: render_entry(space.name, e) for e in held["property"]}
    return shown
