"""/types/{id}/encryption: how a type's volumes are to be encrypted. It is kept; no volume is made of such a type."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.types import type_id
from kumoi.api.openstack.volume.words import name_of
from kumoi.app.house import House
from kumoi.app.volumes import type_specs
from kumoi.core.errors import Invalid, NotFound, Taken
from kumoi.core.volume_types import ControlLocation, Encryption


class _New(msgspec.Struct, forbid_unknown_fields=True):
    provider: str
    control_location: ControlLocation
    cipher: str | None = None
    key_size: int | None = None


class CreateBody(msgspec.Struct):
    encryption: _New


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    provider: str | None = None
    control_location: ControlLocation | None = None
    cipher: str | None = None
    key_size: int | None = None


class UpdateBody(msgspec.Struct):
    encryption: _Change


def routes(house: House) -> list[Route]:
    path, one, needs = "/types/{id}/encryption", "/types/{id}/encryption/{key}", "volume_type.update"
    return [
        Route("GET", path, partial(show, house), needs, "volume"),
        Route("POST", path, partial(create, house), needs, "volume", body_type=CreateBody),
        Route("GET", one, partial(show_one, house), needs, "volume"),
        Route("PUT", one, partial(update, house), needs, "volume", body_type=UpdateBody),
        Route("DELETE", one, partial(delete, house), needs, "volume", success=202),
    ]


def show(house: House, request: Request) -> Response:
    found = type_specs.encryption(house, request.call(), type_id(request))
    return json_response({} if found is None else _render(request, found))


def show_one(house: House, request: Request) -> Response:
    found, key = type_specs.encryption(house, request.call(), type_id(request)), request.params["key"]
    shown = {} if found is None else _render(request, found)
    if key not in shown:
        raise NotFound("storage", kind="encryption", id=key)
    return json_response({key: shown[key]})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).encryption
    wish = Encryption(
        id="",
        provider=name_of("encryption.provider", new.provider),
        control_location=new.control_location,
        cipher=new.cipher,
        key_size=_size(new.key_size),
    )
    try:
        made = type_specs.encrypt(house, request.call(), type_id(request), wish)
    except Taken as e:  # where Cinder says 400
        raise Invalid("storage", field="encryption", reason="taken", kind="encryption", name=type_id(request)) from e
    return json_response({"encryption": _brief(request, made)})


def update(house: House, request: Request) -> Response:
    change = request.json(UpdateBody).encryption
    if change.provider is not None:
        name_of("encryption.provider", change.provider)
    _size(change.key_size)
    said = {k: v for k, v in msgspec.structs.asdict(change).items() if v is not None}
    type_specs.change_encryption(
        house, request.call(), type_id(request), request.params["key"], lambda now: msgspec.structs.replace(now, **said)
    )
    return json_response({"encryption": said})


def delete(house: House, request: Request) -> Response:
    type_specs.drop_encryption(house, request.call(), type_id(request), request.params["key"])
    return Response(202)


def _size(bits: int | None) -> int | None:
    if bits is not None and not 1 <= bits < 2**31:
        raise Invalid("api", field="encryption.key_size", reason="range", bound=f"from 1 to {2**31 - 1}")
    return bits


def _brief(request: Request, one: Encryption) -> dict[str, Any]:
    return {
        "volume_type_id": type_id(request),
        "encryption_id": one.id,
        "provider": one.provider,
        "control_location": one.control_location,
        "cipher": one.cipher,
        "key_size": one.key_size,
    }


def _render(request: Request, one: Encryption) -> dict[str, Any]:
    times = {
        "created_at": bare(one.created_at),
        "updated_at": None if one.updated_at is None else bare(one.updated_at),
        "deleted_at": None,
        "deleted": False,
    }
    return {**_brief(request, one), **times}
