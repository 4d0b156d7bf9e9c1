"""/types/{id}/extra_specs."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.types import type_id
from kumoi.api.openstack.volume.words import Spec, specs_of
from kumoi.app.house import House
from kumoi.app.volumes import type_specs
from kumoi.core.errors import Invalid, NotFound


class SpecsBody(msgspec.Struct, forbid_unknown_fields=True):
    extra_specs: dict[str, Spec | None]


def routes(house: House) -> list[Route]:
    specs, one = "/types/{id}/extra_specs", "/types/{id}/extra_specs/{key}"
    return [
        Route("GET", specs, partial(show_all, house), "volume_type.update", "volume"),
        Route("POST", specs, partial(put_all, house), "volume_type.update", "volume", body_type=SpecsBody),
        Route("GET", one, partial(show_one, house), "volume_type.update", "volume"),
        Route("PUT", one, partial(put_one, house), "volume_type.update", "volume", body_type=dict[str, Spec | None]),
        Route("DELETE", one, partial(drop_one, house), "volume_type.update", "volume", success=202),
    ]


def show_all(house: House, request: Request) -> Response:
    return json_response({"extra_specs": _specs(house, request)})


def put_all(house: House, request: Request) -> Response:
    wished = specs_of("extra_specs", request.json(SpecsBody).extra_specs)
    type_specs.put_specs(house, request.call(), type_id(request), wished)
    return json_response({"extra_specs": wished})


def show_one(house: House, request: Request) -> Response:
    specs, key = _specs(house, request), request.params["key"]
    if key not in specs:
        raise NotFound("storage", kind="extra_spec", id=key)
    return json_response({key: specs[key]})


def put_one(house: House, request: Request) -> Response:
    wished = specs_of("extra_specs", request.json(dict[str, Spec | None]))
    if list(wished) != [request.params["key"]]:
        raise Invalid("api", field=request.params["key"][:32], reason="missing")
    type_specs.put_specs(house, request.call(), type_id(request), wished)
    return json_response(wished)


def drop_one(house: House, request: Request) -> Response:
    type_specs.drop_spec(house, request.call(), type_id(request), request.params["key"])
    return Response(202)


def _specs(house: House, request: Request) -> dict[str, str]:
    return type_specs.specs(house, request.call(), type_id(request))
