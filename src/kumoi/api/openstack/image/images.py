"""/v2/images: list, create, show, patch, delete, tags, and switching an image off and on."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any, cast, get_args
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.image.asked import query_of, sought_of
from kumoi.api.openstack.image.patch import Operation, operations, patched
from kumoi.api.openstack.times import second
from kumoi.app.house import House
from kumoi.app.images import doors
from kumoi.core.errors import Forbidden, Invalid, NotFound
from kumoi.core.given import given
from kumoi.core.ids import ImageId, ProjectId, is_uuid
from kumoi.core.image_locations import Wished
from kumoi.core.images import ContainerFormat, DiskFormat, Image, Visibility
from kumoi.core.query import Query

STORE = "cloud"  # there is one: layers, by what is in them
READ_ONLY = frozenset(
    {"id", "status", "created_at", "updated_at", "self", "file", "schema", "size", "virtual_size", "checksum",
     "os_hash_algo", "os_hash_value", "direct_url", "stores"}
)  # fmt: skip


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v2/images", partial(find, house), "image.read", "image"),
        Route("POST", "/v2/images", partial(create, house), "image.create", "image", success=201),
        Route("GET", "/v2/images/{id}", partial(show, house), "image.read", "image"),
        Route("PATCH", "/v2/images/{id}", partial(patch, house), "image.update", "image"),
        Route("DELETE", "/v2/images/{id}", partial(delete, house), "image.delete", "image", success=204),
        Route("POST", "/v2/images/{id}/actions/deactivate", partial(switch, house, False), "image.deactivate", "image",
              success=204),
        Route("POST", "/v2/images/{id}/actions/reactivate", partial(switch, house, True), "image.deactivate", "image",
              success=204),
        Route("PUT", "/v2/images/{id}/tags/{tag}", partial(tag, house), "image.update", "image", success=204),
        Route("DELETE", "/v2/images/{id}/tags/{tag}", partial(tag, house), "image.update", "image", success=204),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    if request.raw_path.endswith(b"/"):
        raise NotFound("image", kind="image", id="")  # an image without a name, not the list
    query = query_of(request)
    found = doors.find(house, request.call(), query, sought=sought_of(request))
    return json_response(_page(request, found, query))


def show(house: House, request: Request) -> Response:
    return json_response(render(doors.get(house, request.call(), _id(request))))


def create(house: House, request: Request) -> Response:
    body = request.json(dict)
    image_id = body.pop("id", None) or house.chance.uuid()
    if not isinstance(image_id, str) or not is_uuid(image_id):
        raise Invalid("image", field="id", reason="format")
    said = from_document(body)
    if said.places:
        raise Forbidden("image", action="image.set_locations", reason="read_only", attribute="locations", needs=[])
    fields = given(said, "places")
    wish: Image = replace(Image(id=ImageId(image_id), project_id=ProjectId(""), name=""), **fields)
    made = doors.create(house, request.call(), wish)
    return json_response(render(made), 201, [("Location", f"{request.base_url}/image/v2/images/{made.id}")])


def patch(house: House, request: Request) -> Response:
    wanted = operations(request)
    _check_settable(one.path.strip("/") for one in wanted)

    def change(image: Image) -> doors.ImageChange:
        _check_places(image, wanted)
        return from_document(patched(wanted, document(image)))

    return json_response(render(doors.update(house, request.call(), _id(request), change)))


def delete(house: House, request: Request) -> Response:
    doors.delete(house, request.call(), _id(request))
    return no_content()


def tag(house: House, request: Request) -> Response:
    wanted = request.params["tag"]
    if len(wanted) > 255:
        raise Invalid("image", field="tag", reason="length", bound=f"from {1} to {255}")

    def change(image: Image) -> doors.ImageChange:
        rest = tuple(t for t in image.tags if t != wanted)
        return doors.ImageChange(tags=rest if request.method == "DELETE" else (*rest, wanted))

    doors.update(house, request.call(), _id(request), change)
    return no_content()


def switch(house: House, on: bool, request: Request) -> Response:
    doors.switch(house, request.call(), _id(request), on=on)
    return no_content()


def _check_places(image: Image, wanted: list[Operation]) -> None:
    """The list as a whole is replaced to change what is noted in it; places come and go one at a time."""
    for one in wanted:
        if (one.op, one.path) == ("replace", "/locations"):
            said = [place.get("url") for place in one.value if isinstance(place, dict)] if one.value else []
            if said != [place.url for place in image.locations]:
                raise Invalid("image", field="locations", reason="only_one")


def _id(request: Request) -> ImageId:
    return ImageId(request.params["id"])


def document(image: Image) -> dict[str, Any]:
    """What a client may set, flat as Glance shows it."""
    return {
        **image.properties,
        "name": image.name or None,
        "visibility": image.visibility,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "protected": image.protected,
        "os_hidden": image.hidden,
        "tags": list(image.tags),
        "owner": image.project_id,
        "locations": [{"url": place.url, "metadata": place.metadata} for place in image.locations],
    }


def render(image: Image) -> dict[str, Any]:
    shown = {
        **document(image),
        "id": image.id,
        "status": image.status,
        "size": image.size_bytes,
        "virtual_size": image.virtual_bytes,
        "checksum": image.checksum,
        "os_hash_algo": "sha512" if image.sha512 else None,
        "os_hash_value": image.sha512,
        "created_at": second(image.created_at),
        "updated_at": second(image.updated_at),
        "self": f"/v2/images/{image.id}",
        "file": f"/v2/images/{image.id}/file",
        "schema": "/v2/schemas/image",
    }
    shown["name"] = image.name
    if image.layer_id is not None:
        shown["stores"] = STORE
        shown["locations"] = [{"url": f"{STORE}://{image.layer_id}", "metadata": {"store": STORE}}]
    if image.last_import:
        shown["os_glance_importing_to_stores"] = STORE if image.last_import == "running" else ""
        shown["os_glance_failed_import"] = STORE if image.last_import == "failed" else ""
    return shown


class _Known(msgspec.Struct):
    name: str | None = None
    visibility: str = "shared"
    disk_format: str | None = None
    container_format: str | None = None
    min_disk: int = 0
    min_ram: int = 0
    protected: bool = False
    os_hidden: bool = False
    tags: list[str] = []
    owner: str | None = None
    locations: list[Wished] = []


def from_document(body: dict[str, Any]) -> doors.ImageChange:
    """All that a document says, and what it leaves out as new; unknown names are properties and must be texts."""
    _check_settable(body)
    fields = {f.name for f in msgspec.structs.fields(_Known)}
    try:
        known = msgspec.convert({k: v for k, v in body.items() if k in fields}, _Known)
    except msgspec.ValidationError as e:
        raise Invalid("image", field=_field_of(e), reason="format") from e
    properties = {k: v for k, v in body.items() if k not in fields}
    for name, value in properties.items():
        if not isinstance(value, str):
            raise Invalid("image", field=name, reason="wrong_type", expected="str", got=type(value).__name__)
    _check_choice("visibility", known.visibility, get_args(Visibility))
    _check_choice("disk_format", known.disk_format, (*get_args(DiskFormat), None))
    _check_choice("container_format", known.container_format, (*get_args(ContainerFormat), None))
    return doors.ImageChange(
        project_id=ProjectId(known.owner) if known.owner else UNSET,
        name=known.name or "",
        visibility=cast(Visibility, known.visibility),
        disk_format=known.disk_format,
        container_format=known.container_format,
        min_disk_gib=known.min_disk,
        min_ram_mib=known.min_ram,
        protected=known.protected,
        hidden=known.os_hidden,
        tags=tuple(dict.fromkeys(known.tags)),
        properties=properties,
        places=known.locations,
    )


def _check_settable(names: Iterable[str]) -> None:
    for name in names:
        if name in READ_ONLY or name.startswith("os_glance_"):
            raise Forbidden("image", action=f"image.set_{name}", reason="read_only", attribute=name, needs=[])


def _field_of(error: msgspec.ValidationError) -> str:
    match = re.search(r"`\$\.(\w+)", str(error))
    return match.group(1) if match else ""


def _check_choice(field: str, value: str | None, choices: tuple[str | None, ...]) -> None:
    if value not in choices:
        raise Invalid("image", field=field, reason="not_in_enum", value=str(value))


def _page(request: Request, found: list[Image], query: Query) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "images": [render(i) for i in found],
        "schema": "/v2/schemas/images",
        "first": "/v2/images",
    }
    if found and len(found) == query.limit:
        rest = [(k, v) for k, v in request.query if k != "marker"]
        shown["next"] = "/v2/images?" + urlencode([*rest, ("marker", found[-1].id)])
    return shown
