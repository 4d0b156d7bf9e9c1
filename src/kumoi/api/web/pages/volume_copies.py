"""What is made of one volume and kept elsewhere: a backup, an image. Dialogs of the list of volumes."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.pages.volume_acts import ONE, dialog, done, volume_of
from kumoi.app.backups import create as backing_up
from kumoi.app.backups.create import BackupWish
from kumoi.app.volumes import imaging
from kumoi.app.volumes.imaging import FORMATS, VolumeImageWish
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import VolumeId

_FORMATS: Final = [(one, one) for one in FORMATS]


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", f"{ONE}/backup", partial(ask_backup, front), "backup.create", "web"),
        Route("POST", f"{ONE}/backup", partial(backup, front), "backup.create", "web"),
        Route("GET", f"{ONE}/image", partial(ask_image, front), "volume.update", "web"),
        Route("POST", f"{ONE}/image", partial(image, front), "volume.update", "web"),
    ]


def ask_backup(front: Front, request: Request) -> Response:
    front.caller(request, "backup.create")
    return dialog(front, request, "backing_up", None, form=EMPTY)


def backup(front: Front, request: Request) -> Response:
    """Also while an instance has it."""
    form = form_of(request)
    wish = BackupWish(
        volume_id=VolumeId(request.params["id"]),
        name=form.text("name"),
        description=form.text("description"),
        incremental=form.text("incremental") == "yes",
        while_used=True,
    )
    try:
        backing_up.create(front.house, request.call(), wish)
    except KumoiError as e:
        return dialog(front, request, "backing_up", e, form=form)
    return done(front, request, "backups.created", volume_of(front, request))


def ask_image(front: Front, request: Request) -> Response:
    front.caller(request, "image.create")
    return dialog(front, request, "imaging", None, form=EMPTY, formats=_FORMATS)


def image(front: Front, request: Request) -> Response:
    """Also while an instance has it."""
    form = form_of(request)
    try:
        if not form.text("name"):
            raise Invalid("image", field="name", reason="missing", name="name")
        wish = VolumeImageWish(name=form.text("name"), disk_format=form.text("format") or "qcow2", while_used=True)
        imaging.create_image(front.house, request.call(), VolumeId(request.params["id"]), wish)
    except KumoiError as e:
        return dialog(front, request, "imaging", e, form=form, formats=_FORMATS)
    return done(front, request, "volumes.image.done", volume_of(front, request))
