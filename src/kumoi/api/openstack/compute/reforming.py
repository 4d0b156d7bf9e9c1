"""POST /servers/{id}/action: what makes another machine of a server: rebuild, rescue, resize."""

from functools import partial
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import accepted, waited
from kumoi.api.openstack.compute.server_create import File, access_address, files, hostname, image_id, metadata
from kumoi.api.openstack.compute.server_views import changed, links, plain_addresses
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances import read, resize
from kumoi.app.instances.rebuild import RebuildWish, rebuild, rescue, unrescue
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import FlavorId

_PASSWORD_BYTES: Final = 9
_NEWER: Final = {"description": 19, "key_name": 54, "user_data": 57, "hostname": 90}


class _Rebuild(msgspec.Struct, forbid_unknown_fields=True):
    imageRef: str  # noqa: N815
    name: str | UnsetType = UNSET
    adminPass: str | None = None  # noqa: N815
    accessIPv4: str | UnsetType = UNSET  # noqa: N815
    accessIPv6: str | UnsetType = UNSET  # noqa: N815
    metadata: dict[str, str] | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    key_name: str | UnsetType | None = UNSET
    user_data: str | UnsetType | None = UNSET
    hostname: str | UnsetType = UNSET
    trusted_image_certificates: list[str] | None = None
    preserve_ephemeral: bool | str = False
    personality: list[File] = []
    disk_config: Literal["AUTO", "MANUAL"] | UnsetType = msgspec.field(name="OS-DCF:diskConfig", default=UNSET)


class RebuildBody(msgspec.Struct):
    rebuild: _Rebuild


class _Rescue(msgspec.Struct, forbid_unknown_fields=True):
    adminPass: str | None = None  # noqa: N815
    rescue_image_ref: str | None = None


class RescueBody(msgspec.Struct):
    rescue: _Rescue | None


class _Resize(msgspec.Struct, forbid_unknown_fields=True):
    flavorRef: str | int  # noqa: N815
    disk_config: Literal["AUTO", "MANUAL"] | None = msgspec.field(name="OS-DCF:diskConfig", default=None)


class ResizeBody(msgspec.Struct):
    resize: _Resize


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/action"
    return [
        Route("POST", path, waited(partial(do_rebuild, house)), "instance.power", "compute", body_key="rebuild",
              body_type=RebuildBody, wait=True, success=202),
        Route("POST", path, waited(partial(do_rescue, house)), "instance.power", "compute", body_key="rescue",
              body_type=RescueBody, wait=True),
        Route("POST", path, waited(partial(do_unrescue, house)), "instance.power", "compute", body_key="unrescue",
              wait=True, success=202),
        Route("POST", path, waited(partial(do_resize, house)), "instance.power", "compute", body_key="resize",
              body_type=ResizeBody, wait=True, success=202),
        Route("POST", path, waited(partial(confirm, house)), "instance.power", "compute", body_key="confirmResize",
              wait=True, success=204),
        Route("POST", path, waited(partial(revert, house)), "instance.power", "compute", body_key="revertResize",
              wait=True, success=202),
    ]  # fmt: skip


def do_rebuild(house: House, request: Request) -> Response:
    body = request.json(RebuildBody).rebuild
    for name, minor in _NEWER.items():
        if getattr(body, name) is not UNSET and not at_least(request, minor):
            raise Invalid("api", field=f"rebuild.{name}", reason="unknown_field")
    if body.personality and at_least(request, 57):
        raise Invalid("api", field="rebuild.personality", reason="unknown_field")
    if body.trusted_image_certificates:
        raise Unsupported("compute", what="trusted_image_certificates")
    wish = RebuildWish(
        image_id=image_id("rebuild.imageRef", body.imageRef),
        name=body.name,
        description=_text(body.description),
        access_ip_v4=_address("access_ip_v4", body.accessIPv4),
        access_ip_v6=_address("access_ip_v6", body.accessIPv6),
        user_data=_text(body.user_data),
        hostname=body.hostname if isinstance(body.hostname, UnsetType) else hostname(request, body.hostname),
        keypair_name=_text(body.key_name),
        auto_disk=body.disk_config if isinstance(body.disk_config, UnsetType) else body.disk_config == "AUTO",
        files=files(body.personality),
        metadata=metadata(body.metadata) if isinstance(body.metadata, dict) else UNSET,
    )
    rebuild(house, request.call(), server_id(request), wish)
    view = read.get(house, request.call(), server_id(request))
    shown = changed(request, view) | {"adminPass": body.adminPass or _password(house)}
    if not at_least(request, 75):
        shown["addresses"] = plain_addresses(view)
    shown.pop("OS-EXT-SRV-ATTR:user_data", None)  # a rebuild tells it under the name that it is given by
    if at_least(request, 54):
        shown["key_name"] = view.instance.keypair_name or None
    if at_least(request, 57):
        shown["user_data"] = view.instance.user_data or None
    return json_response({"server": shown}, 202, [("Location", links(request, view.instance.id)[0]["href"])])


def do_rescue(house: House, request: Request) -> Response:
    """A stable one (the server's own disk stays the first) since 2.87, where the image asks for it."""
    body = request.json(RescueBody).rescue or _Rescue()
    image = image_id("rescue.rescue_image_ref", body.rescue_image_ref) if body.rescue_image_ref else None
    rescue(house, request.call(), server_id(request), image, stable=None if at_least(request, 87) else False)
    return json_response({"adminPass": body.adminPass or _password(house)})


def do_unrescue(house: House, request: Request) -> Response:
    unrescue(house, request.call(), server_id(request))
    return accepted()


def do_resize(house: House, request: Request) -> Response:
    body = request.json(ResizeBody).resize
    flavor = FlavorId(str(body.flavorRef).rpartition("/")[2])
    auto = None if body.disk_config is None else body.disk_config == "AUTO"
    resize.resize(house, request.call(), server_id(request), flavor, auto_disk=auto)
    return accepted()


def confirm(house: House, request: Request) -> Response:
    resize.confirm(house, request.call(), server_id(request))
    return no_content()


def revert(house: House, request: Request) -> Response:
    resize.revert(house, request.call(), server_id(request))
    return accepted()


def _password(house: House) -> str:
    """Nova makes one up; guests here are reached by keys."""
    return house.chance.secret(_PASSWORD_BYTES).hex()


def _text(value: str | UnsetType | None) -> str | UnsetType:
    return value if isinstance(value, UnsetType) else value or ""


def _address(field: str, value: str | UnsetType) -> str | UnsetType:
    return value if isinstance(value, UnsetType) else access_address(field, value)
