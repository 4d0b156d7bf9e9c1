"""/volumes/{id}/metadata."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.etags import check_match, tagged
from kumoi.api.openstack.volume.volumes import checked, volume_id
from kumoi.app.house import House
from kumoi.app.volumes import change, read
from kumoi.core.errors import Invalid, NotFound


class MetadataBody(msgspec.Struct):
    metadata: dict[str, str]


class MetaBody(msgspec.Struct):
    meta: dict[str, str]


def routes(house: House) -> list[Route]:
    whole, one = "/volumes/{id}/metadata", "/volumes/{id}/metadata/{key}"
    return [
        Route("GET", whole, partial(show_all, house), "volume.read", "volume"),
        Route("POST", whole, partial(put_all, house), "volume.update", "volume", body_type=MetadataBody),
        Route("PUT", whole, partial(put_all, house), "volume.update", "volume", body_type=MetadataBody),
        Route("GET", one, partial(show_one, house), "volume.read", "volume"),
        Route("PUT", one, partial(put_one, house), "volume.update", "volume", body_type=MetaBody),
        Route("DELETE", one, partial(drop_one, house), "volume.update", "volume"),
    ]


def show_all(house: House, request: Request) -> Response:
    return tagged(request, {"metadata": _labels(house, request)})


def put_all(house: House, request: Request) -> Response:
    pairs = checked(request.json(MetadataBody).metadata)
    check_match(request, {"metadata": _labels(house, request)}, volume_id(request))
    view = change.set_metadata(house, request.call(), volume_id(request), pairs, whole=request.method == "PUT")
    return tagged(request, {"metadata": view.metadata})


def show_one(house: House, request: Request) -> Response:
    key, found = request.params["key"], _labels(house, request)
    if key not in found:
        raise NotFound("storage", kind="label", id=key)
    return json_response({"meta": {key: found[key]}})


def put_one(house: House, request: Request) -> Response:
    pairs = checked(request.json(MetaBody).meta)
    if list(pairs) != [request.params["key"]]:
        raise Invalid("api", field="meta", reason="format")
    change.set_metadata(house, request.call(), volume_id(request), pairs)
    return json_response({"meta": pairs})


def drop_one(house: House, request: Request) -> Response:
    key = request.params["key"]
    if not change.drop_metadata(house, request.call(), volume_id(request), key):
        raise NotFound("storage", kind="label", id=key)
    return Response(200)


def _labels(house: House, request: Request) -> dict[str, str]:
    return read.get(house, request.call(), volume_id(request)).metadata
