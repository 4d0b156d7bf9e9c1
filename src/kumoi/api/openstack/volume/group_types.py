"""/group_types and their group_specs, since 3.11."""

from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.words import Spec, flag, name_of, specs_of, text_of
from kumoi.app.house import House
from kumoi.app.volumes import group_types
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import VolumeGroupTypeId
from kumoi.core.policy import may
from kumoi.core.query import Filter, eq
from kumoi.core.volume_group_types import DEFAULT_GROUP_TYPE, VolumeGroupType

FIRST: Final = (3, 11)
SORTABLE: Final = {"id": "id", "name": "name", "created_at": "created_at", "updated_at": "updated_at"}


class _New(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: str | None = None
    is_public: bool | str = True
    group_specs: dict[str, Spec | None] = {}


class CreateBody(msgspec.Struct):
    group_type: _New


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    description: str | None = None
    is_public: bool | str | None = None


class UpdateBody(msgspec.Struct):
    group_type: _Change


class SpecsBody(msgspec.Struct, forbid_unknown_fields=True):
    group_specs: dict[str, Spec | None]


def routes(house: House) -> list[Route]:
    path, one = "/group_types", "/group_types/{id}"
    specs, spec = one + "/group_specs", one + "/group_specs/{key}"
    read, write = "volume_group_type.read", "volume_group_type.update"
    at = partial(Route, service="volume", min_version=FIRST)
    return [
        at("GET", path, partial(find, house), read),
        at("POST", path, partial(create, house), "volume_group_type.create", body_type=CreateBody, success=202),
        at("GET", one, partial(show, house), read),
        at("PUT", one, partial(update, house), write, body_type=UpdateBody),
        at("DELETE", one, partial(delete, house), "volume_group_type.delete", success=202),
        at("GET", specs, partial(show_specs, house), write),
        at("POST", specs, partial(put_specs, house), write, body_type=SpecsBody, success=202),
        at("GET", spec, partial(show_spec, house), write),
        at("PUT", spec, partial(put_spec, house), write, body_type=dict[str, Spec | None]),
        at("DELETE", spec, partial(drop_spec, house), write, success=202),
    ]


def find(house: House, request: Request) -> Response:
    filters = list[Filter]()
    public = request.arg("is_public") or "true"
    if public.lower() != "none":
        filters.append(eq("public", flag("is_public", public)))
    shown = cut(request, group_types.find(house, request.call(), query_of(request, SORTABLE, *filters)))
    pages = next_page(request, "group_type", [one.id for one in shown])
    return json_response({"group_types": [_render(request, one) for one in shown], **pages})


def show(house: House, request: Request) -> Response:
    return _whole(request, group_types.get(house, request.call(), _id(request)))


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).group_type
    wish = VolumeGroupType(
        id=VolumeGroupTypeId(""),
        name=name_of("group_type.name", new.name),
        description=text_of("group_type.description", new.description),
        public=flag("group_type.is_public", new.is_public),
        specs=specs_of("group_type.group_specs", new.group_specs),
    )
    return _whole(request, group_types.create(house, request.call(), wish), 202)


def update(house: House, request: Request) -> Response:
    said = request.json(UpdateBody).group_type
    wished: dict[str, Any] = {}
    if said.name is not None:
        wished["name"] = name_of("group_type.name", said.name)
    if said.description is not None:
        wished["description"] = text_of("group_type.description", said.description)
    if said.is_public is not None:
        wished["public"] = flag("group_type.is_public", said.is_public)
    if not wished:
        raise Invalid("api", field="group_type.name", reason="missing")
    done = group_types.change(house, request.call(), _id(request), lambda now: replace(now, **wished))
    return _whole(request, done)


def delete(house: House, request: Request) -> Response:
    group_types.delete(house, request.call(), _id(request))
    return Response(202)


def show_specs(house: House, request: Request) -> Response:
    return json_response({"group_specs": group_types.specs(house, request.call(), _id(request))})


def put_specs(house: House, request: Request) -> Response:
    wished = specs_of("group_specs", request.json(SpecsBody).group_specs)
    group_types.put_specs(house, request.call(), _id(request), wished)
    return json_response({"group_specs": wished}, 202)


def show_spec(house: House, request: Request) -> Response:
    specs, key = group_types.specs(house, request.call(), _id(request)), request.params["key"]
    if key not in specs:
        raise NotFound("storage", kind="extra_spec", id=key)
    return json_response({key: specs[key]})


def put_spec(house: House, request: Request) -> Response:
    wished = specs_of("group_specs", request.json(dict[str, Spec | None]))
    if list(wished) != [request.params["key"]]:
        raise Invalid("api", field=request.params["key"][:32], reason="missing")
    group_types.put_specs(house, request.call(), _id(request), wished)
    return json_response(wished)


def drop_spec(house: House, request: Request) -> Response:
    group_types.drop_spec(house, request.call(), _id(request), request.params["key"])
    return Response(202)


def _id(request: Request) -> VolumeGroupTypeId:
    found = VolumeGroupTypeId(request.params["id"])
    return DEFAULT_GROUP_TYPE.id if found == "default" else found


def _render(request: Request, one: VolumeGroupType) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "description": one.description or None,
        "is_public": one.public,
    }
    if may(request.call(), "volume_group_type.update"):
        shown["group_specs"] = one.specs
    return shown


def _whole(request: Request, one: VolumeGroupType, status: int = 200) -> Response:
    return json_response({"group_type": _render(request, one)}, status)
