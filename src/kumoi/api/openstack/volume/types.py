"""/types: what volumes may be asked to be."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.words import Spec, flag, name_of, specs_of, text_of
from kumoi.app.house import House
from kumoi.app.volumes import types
from kumoi.core.errors import Invalid
from kumoi.core.ids import VolumeTypeId
from kumoi.core.policy import may
from kumoi.core.query import Filter, eq
from kumoi.core.volume_types import VISIBLE, VolumeType

SORTABLE: Final = {"id": "id", "name": "name", "created_at": "created_at", "updated_at": "updated_at"}


class _New(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: str | None = None
    extra_specs: dict[str, Spec | None] = {}
    public: bool | str = msgspec.field(name="os-volume-type-access:is_public", default=True)
    is_public: bool | str | None = None


class CreateBody(msgspec.Struct):
    volume_type: _New


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    description: str | None = None
    is_public: bool | str | None = None


class UpdateBody(msgspec.Struct):
    volume_type: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/types", partial(find, house), "volume_type.read", "volume"),
        Route("POST", "/types", partial(create, house), "volume_type.create", "volume", body_type=CreateBody),
        Route("GET", "/types/{id}", partial(show, house), "volume_type.read", "volume"),
        Route("PUT", "/types/{id}", partial(update, house), "volume_type.update", "volume", body_type=UpdateBody),
        Route("DELETE", "/types/{id}", partial(delete, house), "volume_type.delete", "volume", success=202),
    ]


def type_id(request: Request) -> VolumeTypeId:
    return VolumeTypeId(request.params["id"])


def find(house: House, request: Request) -> Response:
    call, filters = request.call(), list[Filter]()
    public = request.arg("is_public") or "true"
    if public.lower() != "none" and may(call, "volume_type.create"):
        filters.append(eq("public", flag("is_public", public)))
    for field in ("name", "description"):
        if request.arg(field) is not None:
            filters.append(eq(field, request.arg(field)))
    wanted = _wanted_specs(request)
    query = query_of(request, SORTABLE, *filters)
    if wanted:  # they are no columns: the page is cut out of the whole
        found = types.find(house, call, msgspec.structs.replace(query, limit=None))
        found = [t for t in found if wanted.items() <= _specs(request, t).items()][: query.limit]
    else:
        found = types.find(house, call, query)
    shown = cut(request, found)
    pages = next_page(request, "volume_type", [t.id for t in shown])
    return json_response({"volume_types": [render(request, t) for t in shown], **pages})


def show(house: House, request: Request) -> Response:
    call, name = request.call(), type_id(request)
    if name == "default":
        found = house.store.read(lambda tx: types.default(tx, call.actor.project_id))
        return json_response({"volume_type": render(request, types.get(house, call, found.id))})
    return json_response({"volume_type": render(request, types.get(house, call, name))})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).volume_type
    wish = VolumeType(
        id=VolumeTypeId(""),
        name=name_of("volume_type.name", new.name),
        description=text_of("volume_type.description", new.description),
        extra_specs=specs_of("volume_type.extra_specs", new.extra_specs),
        public=flag("volume_type.os-volume-type-access:is_public", new.public),
    )
    return json_response({"volume_type": render(request, types.create(house, request.call(), wish), qos=False)})


def update(house: House, request: Request) -> Response:
    change = request.json(UpdateBody).volume_type
    if change.name is None and change.description is None and change.is_public is None:
        raise Invalid("api", field="volume_type.name", reason="missing")
    done = types.update(
        house,
        request.call(),
        type_id(request),
        name=None if change.name is None else name_of("volume_type.name", change.name),
        description=None if change.description is None else text_of("volume_type.description", change.description),
        public=None if change.is_public is None else flag("volume_type.is_public", change.is_public),
    )
    shown = render(request, done, qos=False)
    del shown["os-volume-type-access:is_public"]  # as Cinder leaves it out of this answer
    return json_response({"volume_type": shown})


def delete(house: House, request: Request) -> Response:
    types.delete(house, request.call(), type_id(request))
    return Response(202)


def render(request: Request, one: VolumeType, *, qos: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "description": one.description or None,
        "is_public": one.public,
        "os-volume-type-access:is_public": one.public,
        "extra_specs": _specs(request, one),
    }
    if qos and may(request.call(), "volume_qos.read"):
        shown["qos_specs_id"] = one.qos_id
    return shown


def _specs(request: Request, one: VolumeType) -> dict[str, str]:
    """All of them for who makes types; the rest of us see what changes what we may do with a volume."""
    if may(request.call(), "volume_type.create"):
        return one.extra_specs
    return {k: v for k, v in one.extra_specs.items() if k in VISIBLE}


def _wanted_specs(request: Request) -> dict[str, str]:
    """Since 3.52: `extra_specs={'multiattach': '<is> True'}`, as Python writes it, or as JSON."""
    text = request.arg("extra_specs")
    if text is None or not at_least(request, 52):
        return {}
    try:
        return msgspec.json.decode(text.replace("'", '"'), type=dict[str, str])
    except msgspec.DecodeError as e:
        raise Invalid("api", field="extra_specs", reason="format") from e
