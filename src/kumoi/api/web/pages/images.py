"""Images: the list, and the upload: registered by a form, then sent as it is, with a bar that tells how far it is."""

from functools import partial
from typing import Any, Final, get_args

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.edge.streams import pump
from kumoi.api.web.conditions import IMAGE_TONES
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.pages import image
from kumoi.api.web.pages.image import FIELDS, visibilities
from kumoi.api.web.refusals import at_fields, note
from kumoi.api.web.words import images as words
from kumoi.app.images import doors, upload
from kumoi.app.images.sight import Sought
from kumoi.app.quotas import quota
from kumoi.core.errors import KumoiError
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.images import Image, ImageStatus, Visibility
from kumoi.core.query import Filter, Order, eq

TEMPLATE: Final = "images.html"
FORMATS: Final = ("qcow2", "raw", "iso")
SHAPE: Final = Shape(
    path="/images",
    sortable=("name", "size_bytes", "created_at"),
    first=Order("created_at", descending=True),
    filters={"visibility": get_args(Visibility), "status": get_args(ImageStatus)},
)
WORDS: Final = words.WORDS


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/images", partial(show, front), "image.read", "web"),
        Route("GET", "/images/upload", partial(ask, front), "image.create", "web"),
        Route("POST", "/images/upload", partial(create, front), "image.create", "web"),
        Route("PUT", "/images/{id}/file", partial(fill, front), "image.update", "web", wait=True, streamed=True,
              body_limit=upload.MOST_BYTES, success=204),
        *image.routes(front),
    ]  # fmt: skip


def show(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, SHAPE)
    status, visibility = asked.chosen.get("status"), asked.chosen.get("visibility")
    filters: list[Filter] = [eq("status", status)] if status else []
    if asked.text:
        filters.append(containing("name", asked.text))

    def find(asked: Asked) -> list[Image]:
        return doors.find(front.house, call, asked.query(*filters), sought=Sought(visibility=visibility))

    return front.page(
        request,
        TEMPLATE,
        list=listing(asked, find, lambda one: one.id),
        counter=quota(front.house, call, call.project_id)["images"],
        shape=SHAPE,
        tones=IMAGE_TONES,
        own=call.project_id,
    )


def ask(front: Front, request: Request) -> Response:
    return front.ask(request, "image.create", TEMPLATE, "upload", **_form(front, request, EMPTY))


def create(front: Front, request: Request) -> Response:
    """The answer tells the browser where to send the file."""
    call, form = request.call(), form_of(request)
    try:
        wish = Image(
            id=ImageId(front.house.chance.uuid()),
            project_id=ProjectId(""),
            name=form.text("name"),
            visibility=image.visibility_of(form),
            disk_format=form.text("disk_format"),
            container_format="bare",
            min_disk_gib=form.whole("min_disk", 0),
            min_ram_mib=form.whole("min_ram", 0),
        )
        made = doors.create(front.house, call, wish)
    except KumoiError as e:
        values = _form(front, request, form) | {"errors": at_fields(request, e, FIELDS)}
        return front.again(request, TEMPLATE, "upload", e, **values)
    address = f"/images/{made.id}"
    return json_response({"file": f"{address}/file", "delete": f"{address}/delete"}, 201)


async def fill(front: Front, request: Request) -> Response:
    """The bytes, as they come. What is refused leaves nothing behind."""
    house, call = front.house, request.call()
    filling = await request.run_in("write", partial(upload.begin, house, call, ImageId(request.params["id"])))
    done = False
    try:
        await pump(request.chunks(), filling.write, request.run_in)
        kept: Image = await request.run_in("hash", partial(upload.finish, house, call, filling))
        done = True
    finally:
        if not done:
            await request.run_in("write", partial(upload.give_up, house, filling))
    says = front.say(request, "images.upload.done", name=kept.name or kept.id)
    return no_content(headers=(note(says, closeDialog=True),))


def _form(front: Front, request: Request, form: Form) -> dict[str, Any]:
    return {
        "form": form,
        "errors": {},
        "formats": [(one, one) for one in FORMATS],
        "visibilities": visibilities(front, request, "private"),
    }
