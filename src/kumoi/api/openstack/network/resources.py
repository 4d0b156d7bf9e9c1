"""What is the same for every kind of thing that Neutron serves: routes, bodies in singular and plural, answers."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kumoi.api.edge.invalid import from_decoder
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import listing
from kumoi.api.openstack.network.listing import Shown, Table
from kumoi.api.openstack.times import second
from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.reading import Noun
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.query import Query

T = TypeVar("T")
V = TypeVar("V")
UpdateDoor = Callable[[House, Call, str, Any, int | None], V]
SERVICE = "network"
LONGEST_PROJECT = 255
Project = Annotated[str, Meta(max_length=LONGEST_PROJECT)]
_IF_MATCH = "revision_number="


class Resource(msgspec.Struct, Generic[V], frozen=True, kw_only=True):
    """One kind.

    singular, path       `network`, `/v2.0/networks`
    noun                 whose rows these are
    table                how it is listed
    new, change          the types of the bodies' inner objects; `change` None: it cannot be changed
    create               wishes (in core's terms) → what was made, all or none
    update, delete       by id
    find                 the list's door, where it is not the common one
    """

    singular: str
    path: str
    noun: Noun[Any, V]
    table: Table[V]
    new: type[Any]
    create: Callable[[House, Call, list[Any]], list[V]]
    delete: Callable[[House, Call, str], None]
    change: type[Any] | None = None
    update: UpdateDoor[V] | None = None
    find: Callable[[House, Call, Query], list[V]] | None = None


def routes(house: House, resource: Resource[V]) -> list[Route]:
    """List, show, create (one or many), update, delete."""
    body = _body_type(resource)
    singular, path, action = resource.singular, resource.path, resource.noun.action

    def find(request: Request) -> Response:
        call = request.call()
        door = resource.find or (lambda h, c, q: reading.find(h, c, resource.noun, q))
        return listing.answer(request, resource.table, lambda query: door(house, call, query))

    def show(request: Request) -> Response:
        found = reading.show(house, request.call(), resource.noun, request.params["id"])
        return json_response({singular: listing.fields(request, _shown(request, resource, found))})

    def create(request: Request) -> Response:
        wishes, many = _wishes(request, body, resource)
        made = [_shown(request, resource, v) for v in resource.create(house, request.call(), wishes)]
        return json_response({resource.table.plural: made} if many else {singular: made[0]}, 201)

    def delete(request: Request) -> Response:
        resource.delete(house, request.call(), request.params["id"])
        return no_content()

    declared = [
        Route("GET", path, find, f"{action}.read", SERVICE),
        Route("POST", path, create, f"{action}.create", SERVICE, body_type=body, success=201),
        Route("GET", f"{path}/{{id}}", show, f"{action}.read", SERVICE),
        Route("DELETE", f"{path}/{{id}}", delete, f"{action}.delete", SERVICE, success=204),
    ]
    if resource.change is not None and resource.update is not None:
        change_one = _updater(house, resource, resource.update)
        put = Route("PUT", f"{path}/{{id}}", change_one, f"{action}.update", SERVICE, body_type=resource.change)
        declared.append(put)
    return declared


def _updater(house: House, resource: Resource[V], door: UpdateDoor[V]) -> Callable[[Request], Response]:
    def update(request: Request) -> Response:
        change = one_of(request, resource.singular, resource.change)
        done = door(house, request.call(), request.params["id"], change, if_match(request))
        return json_response({resource.singular: _shown(request, resource, done)})

    return update


def one_of(request: Request, key: str, kind: Any) -> Any:
    """The object under the body's only key."""
    return getattr(request.json(_wrapped(key, kind)), key)


def if_match(request: Request) -> int | None:
    """The revision that an If-Match header makes a condition."""
    value = request.header("if-match")
    if value is None:
        return None
    digits = value.strip('"').removeprefix(_IF_MATCH)
    if not re.fullmatch("[0-9]{1,18}", digits):
        raise Invalid(field="If-Match", reason="format", value=value)
    return int(digits)


def standard(row: Any, tags: tuple[str, ...] | None = None) -> Shown:
    """The attributes that all things have. A time of rows without one is never shown."""
    shown: Shown = {
        "id": row.id,
        "project_id": row.project_id,
        "tenant_id": row.project_id,
        "description": row.description,
        "revision_number": row.generation,
        "created_at": second(row.created_at),
        "updated_at": second(row.updated_at),
    }
    if tags is not None:
        shown["tags"] = list(tags)
    return shown


STANDARD = frozenset(
    {"id", "project_id", "tenant_id", "description", "revision_number", "created_at", "updated_at", "tags", "name"}
)
STANDARD_COLUMNS: dict[str, listing.Column] = {
    "id": ("id", listing.text),
    "name": ("name", listing.text),
    "description": ("description", listing.text),
    "project_id": ("project_id", listing.text),
    "tenant_id": ("project_id", listing.text),
    "revision_number": ("generation", listing.number),
}


def or_none(value: T | UnsetType | None) -> T | None:
    """What was given, or None where nothing was."""
    return None if isinstance(value, UnsetType) else value


def owner_of(new: Any) -> Any:
    """`project_id`, or its old name."""
    if new.project_id and new.tenant_id and new.project_id != new.tenant_id:
        raise Invalid(field="tenant_id", reason="not_in_enum", value=new.tenant_id)
    return new.project_id or new.tenant_id or None


def _shown(request: Request, resource: Resource[V], view: V) -> Shown:
    return resource.table.render(view, request.call().actor)


def _wishes(request: Request, body: Any, resource: Resource[Any]) -> tuple[list[Any], bool]:
    found = request.json(body)
    one, many = found.one, found.many
    if (one is UNSET) == (many is UNSET):
        raise Invalid(field=resource.singular, reason="missing", name=resource.singular)
    if one is not UNSET:
        return [one], False
    if not many:
        raise Invalid(field=resource.table.plural, reason="missing", name=resource.table.plural)
    return [_unwrapped(raw, resource) for raw in many], True


def _unwrapped(raw: msgspec.Raw, resource: Resource[Any]) -> Any:
    """One of many, which may stand alone or under its kind's name."""
    try:
        inner = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        if inner.keys() == {resource.singular}:
            raw = inner[resource.singular]
        return msgspec.json.decode(raw, type=resource.new)
    except msgspec.DecodeError as e:
        raise from_decoder(e) from None


def _body_type(resource: Resource[Any]) -> Any:
    """`{"network": {…}}` or `{"networks": [{…}, …]}`."""
    return msgspec.defstruct(
        f"{resource.new.__name__}Of_{resource.singular}",
        [("one", resource.new | UnsetType, UNSET), ("many", list[msgspec.Raw] | UnsetType, UNSET)],
        rename={"one": resource.singular, "many": resource.table.plural},
        forbid_unknown_fields=True,
    )


_kept: dict[tuple[str, Any], Any] = {}


def _wrapped(key: str, kind: Any) -> Any:
    if (key, kind) not in _kept:
        _kept[key, kind] = msgspec.defstruct(f"{kind.__name__}In_{key}", [(key, kind)], forbid_unknown_fields=True)
    return _kept[key, kind]
