"""One image: what it is, where it is used, how it is changed, switched off and deleted. The words are those of the
images; with whom it is shared is `image_sharing`."""

from functools import partial
from typing import Any, Final, get_args

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.conditions import IMAGE_TONES
from kumoi.api.web.forms import Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.pages import image_sharing
from kumoi.api.web.refusals import at_fields
from kumoi.app.images import doors
from kumoi.app.images.doors import ImageChange
from kumoi.app.instances import read as instances
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import ImageId, ec2_id
from kumoi.core.images import Image, Visibility
from kumoi.core.policy import may
from kumoi.core.query import Order, Query, eq

TEMPLATE: Final = "image.html"
FIELDS: Final = {
    "name": "name", "visibility": "visibility", "image.publish": "visibility", "min_disk": "min_disk",
    "min_ram": "min_ram", "disk_format": "disk_format", "tags": "tags",
}  # fmt: skip
USED_SHOWN: Final = 10
TAG_MOST: Final = 255


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/images/{id}", partial(show, front), "image.read", "web"),
        Route("GET", "/images/{id}/edit", partial(edit, front), "image.update", "web"),
        Route("POST", "/images/{id}/edit", partial(save, front), "image.update", "web"),
        Route("GET", "/images/{id}/properties", partial(ask_properties, front), "image.update", "web"),
        Route("POST", "/images/{id}/properties", partial(save_properties, front), "image.update", "web"),
        Route("POST", "/images/{id}/switch", partial(turn, front), "image.deactivate", "web"),
        Route("GET", "/images/{id}/delete", partial(ask_delete, front), "image.delete", "web"),
        Route("POST", "/images/{id}/delete", partial(delete, front), "image.delete", "web"),
        *image_sharing.routes(front),
    ]


def show(front: Front, request: Request) -> Response:
    call, one = request.call(), _image(front, request)
    query = Query(
        filters=(eq("image_id", one.id),), order=(Order("created_at", descending=True),), limit=USED_SHOWN + 1
    )
    return front.page(
        request,
        TEMPLATE,
        image=one,
        tone=IMAGE_TONES[one.status],
        ami=ec2_id("ami", one.id),
        used=instances.find(front.house, call, query),
        most=USED_SHOWN,
        offer=image_sharing.offer(front, request, one),
        mine=one.project_id == call.project_id or may(call, "image.all_projects"),
    )


def edit(front: Front, request: Request) -> Response:
    one = _image(front, request)
    pairs = [
        ("name", one.name),
        ("visibility", one.visibility),
        ("tags", ", ".join(one.tags)),
        ("min_disk", str(one.min_disk_gib)),
        ("min_ram", str(one.min_ram_mib)),
        *([("protected", "yes")] if one.protected else []),
    ]
    return front.ask(request, "image.update", TEMPLATE, "edit", **_form(front, request, one, Form(pairs)))


def save(front: Front, request: Request) -> Response:
    one, form = _image(front, request), form_of(request)
    try:
        change = ImageChange(
            name=form.text("name"),
            visibility=visibility_of(form),
            tags=_tags(form.text("tags")),
            min_disk_gib=form.whole("min_disk", 0),
            min_ram_mib=form.whole("min_ram", 0),
            protected=form.on("protected"),
        )
        saved = doors.update(front.house, request.call(), one.id, lambda _old: change)
    except KumoiError as e:
        values = _form(front, request, one, form) | {"errors": at_fields(request, e, FIELDS)}
        return front.again(request, TEMPLATE, "edit", e, **values)
    says = front.say(request, "images.saved", name=saved.name or saved.id)
    return front.done(request, f"/images/{one.id}", says, stay=True)


def ask_properties(front: Front, request: Request) -> Response:
    one = _image(front, request)
    form = Form([("properties", "\n".join(f"{key}={value}" for key, value in sorted(one.properties.items())))])
    return front.ask(request, "image.update", TEMPLATE, "properties", image=one, form=form, errors={})


def save_properties(front: Front, request: Request) -> Response:
    one, form = _image(front, request), form_of(request)
    try:
        change = ImageChange(properties=form.pairs_in("properties"))
        saved = doors.update(front.house, request.call(), one.id, lambda _old: change)
    except KumoiError as e:
        values = {"image": one, "form": form, "errors": at_fields(request, e, {"properties": "properties"})}
        return front.again(request, TEMPLATE, "properties", e, **values)
    says = front.say(request, "images.saved", name=saved.name or saved.id)
    return front.done(request, f"/images/{one.id}", says, stay=True)


def turn(front: Front, request: Request) -> Response:
    """Off: nothing new boots of it, and its bytes are given to administrators only."""
    on = form_of(request).text("on") == "yes"
    one = doors.switch(front.house, request.call(), ImageId(request.params["id"]), on=on)
    says = front.say(request, "images.switched.on" if on else "images.switched.off", name=one.name or one.id)
    return front.done(request, f"/images/{one.id}", says, stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    one = _image(front, request)
    return front.ask(
        request,
        "image.delete",
        "confirm.html",
        "confirm",
        title=front.say(request, "images.delete", name=one.name or one.id),
        text=front.say(request, "images.delete.why"),
        hindered=front.say(request, "images.delete.protected") if one.protected else "",
        action=f"/images/{one.id}/delete",
        submit=front.say(request, "delete"),
    )


def delete(front: Front, request: Request) -> Response:
    one = _image(front, request)
    doors.delete(front.house, request.call(), one.id)
    return front.done(request, "/images", front.say(request, "images.deleted", name=one.name or one.id))


def visibility_of(form: Form) -> Visibility:
    """Invalid for a word that is none."""
    wish = form.text("visibility")
    found = next((known for known in get_args(Visibility) if known == wish), None)
    if found is None:
        raise Invalid("image", field="visibility", reason="not_in_enum", value=wish)
    return found  # type: ignore[no-any-return]  # get_args forgets what it was given


def visibilities(front: Front, request: Request, now: str) -> list[tuple[str, str]]:
    """Those that the visitor may choose, and the one that is."""
    open_to_all = may(request.call(), "image.publish") or now == "public"
    known = [one for one in ("private", "shared", "community", "public") if one != "public" or open_to_all]
    say = partial(front.say, request)
    return [(one, f"{say(f'images.visibility.{one}')}: {say(f'images.visibility.{one}.why')}") for one in known]


def _tags(text: str) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(filter(None, (part.strip() for part in text.split(",")))))
    if any(len(tag) > TAG_MOST for tag in tags):
        raise Invalid("image", field="tags", reason="length", bound=f"from {1} to {TAG_MOST}")
    return tags


def _form(front: Front, request: Request, one: Image, form: Form) -> dict[str, Any]:
    return {"image": one, "form": form, "errors": {}, "visibilities": visibilities(front, request, one.visibility)}


def _image(front: Front, request: Request) -> Image:
    return doors.get(front.house, request.call(), ImageId(request.params["id"]))
