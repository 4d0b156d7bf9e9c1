"""With whom an image is shared, on the image's page: offer it, take it back, and what an offered project says to it."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.refusals import at_fields
from kumoi.app.identity import people, scopes
from kumoi.app.images import doors, members
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, KumoiError, NotFound
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.images import Image, ImageMember
from kumoi.core.policy import may
from kumoi.core.query import Order, Query
from kumoi.core.tenancy import Project

_TEMPLATE = "image.html"


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/images/{id}/share", partial(ask, front), "image.share", "web"),
        Route("POST", "/images/{id}/share", partial(share, front), "image.share", "web"),
        Route("POST", "/images/{id}/share/take", partial(take, front), "image.share", "web"),
        Route("POST", "/images/{id}/offer", partial(answer, front), "image.accept", "web"),
    ]


def offer(front: Front, request: Request, image: Image) -> ImageMember | None:
    """What the visitor's project was offered; None where it is the owner, or nothing was."""
    call = request.call()
    if image.visibility != "shared" or image.project_id == call.actor.project_id or call.actor.project_id is None:
        return None
    try:
        return members.get(front.house, call, image.id, call.actor.project_id)
    except NotFound:
        return None


def ask(front: Front, request: Request) -> Response:
    return front.ask(request, "image.share", _TEMPLATE, "share", **_values(front, request, EMPTY))


def share(front: Front, request: Request) -> Response:
    form, image_id = form_of(request), ImageId(request.params["id"])
    try:
        if not form.text("project"):
            raise Invalid("image", field="project", reason="missing")
        members.add(front.house, request.call(), image_id, _project(front, request.call(), form.text("project")))
    except KumoiError as e:
        errors = at_fields(request, e, {"project": "project", "taken": "project"})
        return front.again(request, _TEMPLATE, "share", e, **(_values(front, request, form) | {"errors": errors}))
    return front.part(request, _TEMPLATE, "share", **_values(front, request, EMPTY))


def take(front: Front, request: Request) -> Response:
    """The dialog stays open, with the others."""
    members.remove(front.house, request.call(), ImageId(request.params["id"]), form_of(request).text("project"))
    return front.part(request, _TEMPLATE, "share", **_values(front, request, EMPTY))


def answer(front: Front, request: Request) -> Response:
    call, image_id = request.call(), ImageId(request.params["id"])
    accepted = form_of(request).text("answer") == "accepted"
    members.answer(front.house, call, image_id, call.project_id, "accepted" if accepted else "rejected")
    says = front.say(request, "images.offer.accepted" if accepted else "images.offer.rejected")
    return front.done(request, f"/images/{image_id}", says, stay=True)


def _project(front: Front, call: Call, said: str) -> ProjectId:
    """By the name of a project that the visitor knows, where only one has it; else what was said is an id."""
    named = [one.id for one in _known(front, call) if one.name == said]
    return named[0] if len(named) == 1 else ProjectId(said)


def _known(front: Front, call: Call) -> list[Project]:
    """The visitor's own, and all to whoever may see all."""
    if may(call, "identity.read"):
        return people.projects(front.house, call, Query(order=(Order("name"),)))
    return scopes.own_projects(front.house, call)


def _values(front: Front, request: Request, form: Form) -> dict[str, Any]:
    call, image_id = request.call(), ImageId(request.params["id"])
    image = doors.get(front.house, call, image_id)
    names = {one.id: one.name for one in _known(front, call)}
    shared = members.find(front.house, call, image_id)
    return {"image": image, "members": shared, "names": names, "form": form, "errors": {}}
