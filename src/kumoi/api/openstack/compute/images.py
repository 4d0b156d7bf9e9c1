"""/images until 2.35 (their metadata until 2.38): the image service's images in Nova's elder words."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_queries import instant, page_limit
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.times import second
from kumoi.app.house import House
from kumoi.app.images import doors
from kumoi.core.errors import Invalid, NotFound, QuotaExceeded
from kumoi.core.ids import ImageId
from kumoi.core.images import Image, ImageStatus
from kumoi.core.query import Filter, Query, eq, is_in

LAST: Final = (2, 35)
LAST_OF_METADATA: Final = (2, 38)
ITEMS_MOST: Final = 128
STATUSES: Final[dict[ImageStatus, str]] = {
    "active": "ACTIVE", "queued": "SAVING", "saving": "SAVING", "uploading": "SAVING", "importing": "SAVING",
    "killed": "ERROR", "deactivated": "UNKNOWN",
}  # fmt: skip
PROGRESS: Final = {"queued": 25, "saving": 50, "active": 100}


class MetadataBody(msgspec.Struct):
    metadata: dict[str, str]


class MetaBody(msgspec.Struct):
    meta: dict[str, str]


def routes(house: House) -> list[Route]:
    images, all_of, one_of = V + "/images", V + "/images/{id}/metadata", V + "/images/{id}/metadata/{key}"
    until = partial(Route, service="compute", max_version=LAST)
    later = partial(Route, service="compute", max_version=LAST_OF_METADATA)
    return [
        until("GET", images, partial(find, house), "image.read"),
        until("GET", images + "/detail", partial(find_detail, house), "image.read"),
        until("GET", images + "/{id}", partial(show, house), "image.read"),
        until("DELETE", images + "/{id}", partial(delete, house), "image.delete", success=204),
        later("GET", all_of, partial(show_all, house), "image.read"),
        later("POST", all_of, partial(put_all, house), "image.update", body_type=MetadataBody),
        later("PUT", all_of, partial(put_all, house), "image.update", body_type=MetadataBody),
        later("GET", one_of, partial(show_one, house), "image.read"),
        later("PUT", one_of, partial(put_one, house), "image.update", body_type=MetaBody),
        later("DELETE", one_of, partial(drop_one, house), "image.update", success=204),
    ]


def find(house: House, request: Request) -> Response:
    return json_response(_page(request, _found(house, request), _brief))


def find_detail(house: House, request: Request) -> Response:
    return json_response(_page(request, _found(house, request), _detail))


def show(house: House, request: Request) -> Response:
    return json_response({"image": _detail(request, _one(house, request))})


def delete(house: House, request: Request) -> Response:
    doors.delete(house, request.call(), ImageId(request.params["id"]))
    return no_content()


def show_all(house: House, request: Request) -> Response:
    return json_response({"metadata": _one(house, request).properties})


def put_all(house: House, request: Request) -> Response:
    wished, whole = request.json(MetadataBody).metadata, request.method == "PUT"
    now = _change(house, request, lambda held: wished if whole else {**held, **wished})
    return json_response({"metadata": now})


def show_one(house: House, request: Request) -> Response:
    held, key = _one(house, request).properties, request.params["key"]
    if key not in held:
        raise NotFound("image", kind="label", id=key)
    return json_response({"meta": {key: held[key]}})


def put_one(house: House, request: Request) -> Response:
    wished = request.json(MetaBody).meta
    if list(wished) != [request.params["key"]]:
        raise Invalid("api", field="meta", reason="format")
    _change(house, request, lambda held: {**held, **wished})
    return json_response({"meta": wished})


def drop_one(house: House, request: Request) -> Response:
    key = request.params["key"]

    def without(held: dict[str, str]) -> dict[str, str]:
        if key not in held:
            raise NotFound("image", kind="label", id=key)
        return {k: v for k, v in held.items() if k != key}

    _change(house, request, without)
    return no_content()


def _change(house: House, request: Request, changed: Callable[[dict[str, str]], dict[str, str]]) -> dict[str, str]:
    """Its properties as they are, to what they are to be; in one transaction."""

    def change(image: Image) -> doors.ImageChange:
        return doors.ImageChange(properties=_checked(changed(image.properties)))

    return doors.update(house, request.call(), ImageId(request.params["id"]), change).properties


def _checked(properties: dict[str, str]) -> dict[str, str]:
    if any(not 1 <= len(k) <= 255 or len(v) > 255 for k, v in properties.items()):
        raise Invalid("api", field="metadata", reason="length", bound="from 1 to 255")
    if len(properties) > ITEMS_MOST:
        raise QuotaExceeded("quota", resource="metadata", wanted=len(properties), used=0, limit=ITEMS_MOST)
    return properties


def _one(house: House, request: Request) -> Image:
    return doors.get(house, request.call(), ImageId(request.params["id"]))


def _found(house: House, request: Request) -> list[Image]:
    filters: list[Filter] = []
    for key, value in request.query:
        if key == "name":
            filters.append(eq("name", value))
        elif key == "status":
            filters.append(is_in("status", tuple(ours for ours, word in STATUSES.items() if word == value.upper())))
        elif key == "changes-since":
            filters.append(Filter("updated_at", "ge", instant(key, value)))
    query = Query(filters=tuple(filters), marker=request.arg("marker"), limit=page_limit(request))
    wanted = (request.arg("server") or "").rpartition("/")[2]
    found = doors.find(house, request.call(), query)
    kind = (request.arg("type") or "").lower()
    if wanted:
        found = [i for i in found if i.properties.get("instance_uuid") == wanted]
    if kind:
        found = [i for i in found if (i.properties.get("image_type", "image") == "snapshot") == (kind == "snapshot")]
    return found


def _page(request: Request, found: list[Image], render: Any) -> dict[str, Any]:
    page: dict[str, Any] = {"images": [render(request, i) for i in found]}
    if found and request.arg("limit") is not None and len(found) == page_limit(request):
        rest = [(k, v) for k, v in request.query if k != "marker"]
        path = request.raw_path.decode("latin-1")
        href = f"{request.base_url}{path}?{urlencode([*rest, ('marker', found[-1].id)])}"
        page["images_links"] = [{"rel": "next", "href": href}]
    return page


def _brief(request: Request, image: Image) -> dict[str, Any]:
    base = f"{request.base_url}/compute"
    links = [
        {"rel": "self", "href": f"{base}/v2.1/images/{image.id}"},
        {"rel": "bookmark", "href": f"{base}/images/{image.id}"},
        {
            "rel": "alternate",
            "type": "application/vnd.openstack.image",
            "href": f"{request.base_url}/image/images/{image.id}",
        },
    ]
    return {"id": image.id, "name": image.name, "links": links}


def _detail(request: Request, image: Image) -> dict[str, Any]:
    shown = {
        **_brief(request, image),
        "status": STATUSES[image.status],
        "created": second(image.created_at),
        "updated": second(image.updated_at),
        "minDisk": image.min_disk_gib,
        "minRam": image.min_ram_mib,
        "progress": PROGRESS.get(image.status, 0),
        "metadata": image.properties,
        "OS-EXT-IMG-SIZE:size": image.size_bytes,
    }
    server = image.properties.get("instance_uuid")
    if server:
        base = f"{request.base_url}/compute"
        links = [
            {"rel": "self", "href": f"{base}/v2.1/servers/{server}"},
            {"rel": "bookmark", "href": f"{base}/servers/{server}"},
        ]
        shown["server"] = {"id": server, "links": links}
    return shown
