"""Imports: /v2/images/{id}/import, its tasks, /v2/info, and what is said about the one store."""

from functools import partial
from typing import Any, get_args

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.image.images import STORE
from kumoi.api.openstack.image.tasks import render_task
from kumoi.app.house import House
from kumoi.app.images import imports
from kumoi.app.images.imports import ImportWish
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import ImageId
from kumoi.core.image_locations import Promise
from kumoi.core.image_tasks import ImportMethod


class _Method(msgspec.Struct):
    name: ImportMethod
    uri: str = ""
    glance_image_id: str = ""
    glance_region: str = ""
    glance_service_interface: str = "public"


class ImportBody(msgspec.Struct):
    method: _Method
    stores: list[str] = []
    all_stores: bool = False
    all_stores_must_succeed: bool = True


class LocationBody(msgspec.Struct):
    url: str
    validation_data: Promise = Promise()


def routes(house: House) -> list[Route]:
    one = "/v2/images/{id}"
    return [
        Route("POST", f"{one}/import", partial(begin, house), "image.import", "image", body_type=ImportBody,
              success=202),
        Route("GET", f"{one}/tasks", partial(tasks, house), "image.read", "image"),
        Route("POST", f"{one}/locations", partial(add_location, house), "image.import", "image",
              body_type=LocationBody, success=202),
        Route("GET", f"{one}/locations", partial(locations, house), "image.tasks", "image"),
        Route("DELETE", "/v2/stores/{store}/{id}", partial(leave_store, house), "image.delete", "image", success=204),
        Route("GET", "/v2/info/import", partial(methods, house), "image.read", "image"),
        Route("GET", "/v2/info/stores", partial(stores, house), "image.read", "image"),
        Route("GET", "/v2/info/usage", partial(usage, house), "image.read", "image"),
    ]  # fmt: skip


def begin(house: House, request: Request) -> Response:
    body = request.json(ImportBody)
    if unknown := [name for name in body.stores if name != STORE]:
        raise Invalid("image", field="stores", reason="no_such_store", value=unknown[0])
    said = msgspec.json.encode({"import_req": msgspec.json.decode(request.body)}).decode()
    wish = ImportWish(
        method=body.method.name,
        url=body.method.uri,
        source_id=body.method.glance_image_id,
        region=body.method.glance_region,
        request=said,
    )
    imports.begin(house, request.call(), _id(request), wish)
    return Response(202)


def tasks(house: House, request: Request) -> Response:
    found = imports.of_image(house, request.call(), _id(request))
    return json_response({"tasks": [render_task(task, request.locale) for task in found]})


def add_location(house: House, request: Request) -> Response:
    """Bring in what is there: a place alone would be one from which nothing can start."""
    body = request.json(LocationBody)
    body.validation_data.check()
    wish = ImportWish(
        method="web-download",
        type="location_import",
        url=body.url,
        sha512=body.validation_data.os_hash_value or "",
        request=msgspec.json.encode({"loc_url": body.url}).decode(),
    )
    imports.begin(house, request.call(), _id(request), wish)
    return Response(202)


def locations(house: House, request: Request) -> Response:
    found = imports.places(house, request.call(), _id(request))
    return json_response([{"url": place.url, "metadata": place.metadata} for place in found])


def leave_store(house: House, request: Request) -> Response:
    if request.params["store"] != STORE:
        raise NotFound("image", kind="store", id=request.params["store"])
    imports.leave_store(house, request.call(), _id(request))
    return no_content()


def methods(house: House, request: Request) -> Response:
    imports.check_may(house, request.call())
    shown = {"description": "Import methods available.", "type": "array", "value": list(get_args(ImportMethod))}
    return json_response({"import-methods": shown})


def stores(house: House, request: Request) -> Response:
    imports.check_may(house, request.call())
    return json_response({"stores": [{"id": STORE, "description": "Layers, by what is in them", "default": "true"}]})


def usage(house: House, request: Request) -> Response:
    used = imports.usage(house, request.call())
    mib = -(-used.bytes // 2**20)
    shown: dict[str, Any] = {
        "image_size_total": {"usage": mib, "limit": used.most_mib},
        "image_stage_total": {"usage": 0, "limit": used.most_mib},
        "image_count_total": {"usage": used.images, "limit": used.most_images},
        "image_count_uploading": {"usage": used.uploading, "limit": -1},
    }
    return json_response({"usage": shown})


def _id(request: Request) -> ImageId:
    return ImageId(request.params["id"])
