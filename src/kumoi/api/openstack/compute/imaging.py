"""POST /servers/{id}/action: createImage and createBackup."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import accepted, waited
from kumoi.api.openstack.compute.server_create import metadata
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances.imaging import ImageWish, create_image
from kumoi.core.errors import Invalid
from kumoi.core.images import Image
from kumoi.core.names import check_name

NAME_MOST = 255


class _Image(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    metadata: dict[str, str] = {}


class ImageBody(msgspec.Struct):
    image: _Image = msgspec.field(name="createImage")


class _Backup(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    backup_type: str
    rotation: int | str
    metadata: dict[str, str] = {}


class BackupBody(msgspec.Struct):
    backup: _Backup = msgspec.field(name="createBackup")


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/action"
    return [
        Route("POST", path, waited(partial(do_image, house)), "instance.power", "compute", body_key="createImage",
              body_type=ImageBody, wait=True, success=202),
        Route("POST", path, waited(partial(do_backup, house)), "instance.power", "compute", body_key="createBackup",
              body_type=BackupBody, wait=True, success=202),
    ]  # fmt: skip


def do_image(house: House, request: Request) -> Response:
    said = request.json(ImageBody).image
    check_name(said.name, NAME_MOST)
    wish = ImageWish(name=said.name, properties=metadata(said.metadata), alone=True)
    return _made(request, create_image(house, request.call(), server_id(request), wish))


def do_backup(house: House, request: Request) -> Response:
    """One that is not to be kept is made and let go again: nobody is told of it."""
    said = request.json(BackupBody).backup
    check_name(said.name, NAME_MOST)
    check_name(said.backup_type, NAME_MOST)
    rotation = str(said.rotation)
    if not rotation.isdecimal():
        raise Invalid("api", field="createBackup.rotation", reason="wrong_type", expected="int", got=rotation)
    wish = ImageWish(
        name=said.name,
        properties=metadata(said.metadata),
        backup_type=said.backup_type,
        rotation=int(rotation),
        alone=True,
    )
    made = create_image(house, request.call(), server_id(request), wish)
    return _made(request, made) if wish.rotation else accepted()


def _made(request: Request, image: Image) -> Response:
    if at_least(request, 45):
        return json_response({"image_id": image.id}, 202)
    return Response(202, headers=(("Location", f"{request.base_url}/image/images/{image.id}"),))
