"""Security groups: who may talk to which instances. Rules are `security_rules`."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.pages import bulk, security_rules
from kumoi.api.web.refusals import Errors, at_fields
from kumoi.api.web.words import security_groups
from kumoi.app.house import House
from kumoi.app.networks import holders, reading
from kumoi.app.networks import security_groups as doors
from kumoi.app.networks.security_groups import GROUPS, GroupChange, GroupView, GroupWish
from kumoi.app.quotas import quota
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError
from kumoi.core.groups import DEFAULT_GROUP
from kumoi.core.ids import GroupId
from kumoi.core.query import Filter, Order, Query, is_in

PATH: Final = "/security-groups"
MEMBERS_SHOWN: Final = 100
WORDS: Final = security_groups.WORDS
_TEMPLATE: Final = "security_groups.html"
_SHAPE: Final = Shape(path=PATH, sortable=("name", "created_at"), first=Order("name"))
_FIELDS: Final = {"name": "name", "taken": "name", "description": "description"}


def _named(house: House, call: Call, ids: tuple[str, ...]) -> dict[str, str]:
    rows = reading.find_rows(house, call, GROUPS, Query(filters=(is_in("id", ids),)))
    return {row.id: row.name for row in rows}


_MANY: Final = bulk.Kind(
    page="security_groups",
    path=PATH,
    icon="shield",
    action="security_group.delete",
    named=_named,
    delete=lambda house, call, one: doors.delete_group(house, call, GroupId(one)),
)


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", PATH, partial(show_all, front), "security_group.read", "web"),
        Route("GET", f"{PATH}/new", partial(new, front), "security_group.read", "web"),
        Route("POST", PATH, partial(create, front), "security_group.create", "web"),
        Route("GET", f"{PATH}/{{id}}", partial(show, front), "security_group.read", "web"),
        Route("GET", f"{PATH}/{{id}}/edit", partial(edit, front), "security_group.read", "web"),
        Route("POST", f"{PATH}/{{id}}/edit", partial(save, front), "security_group.update", "web"),
        Route("GET", f"{PATH}/{{id}}/delete", partial(ask_delete, front), "security_group.read", "web"),
        Route("POST", f"{PATH}/{{id}}/delete", partial(delete, front), "security_group.delete", "web"),
        *bulk.routes(front, _MANY),
        *security_rules.routes(front),
    ]


# --- the list -------------------------------------------------------------------------------------------


def show_all(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, _SHAPE)
    doors.ensure_default(front.house, call, call.project_id)
    filters: tuple[Filter, ...] = (containing("name", asked.text),) if asked.text else ()

    def find(one: Asked) -> list[GroupView]:
        return reading.find_here(front.house, call, GROUPS, one.query(*filters))

    total = reading.count_here(front.house, call, GROUPS, Query(filters=filters))
    found = listing(asked, find, lambda view: view.group.id, total)
    counts = holders.member_counts(front.house, call, [v.group.id for v in found.rows])
    return front.page(
        request,
        _TEMPLATE,
        list=found,
        counts=counts,
        counter=quota(front.house, call, call.project_id)["security_groups"],
        default=DEFAULT_GROUP,
        own=call.project_id,
    )


def new(front: Front, request: Request) -> Response:
    return _form(front, request, PATH, EMPTY)


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    wish = GroupWish(name=form.text("name"), description=form.text("description"))
    try:
        made = doors.create_groups(front.house, request.call(), (wish,))[0].group
    except KumoiError as e:
        return _form(front, request, PATH, form, e)
    text = front.say(request, "security_groups.created", name=made.name)
    return front.done(request, f"{PATH}/{made.id}", text)


def _form(
    front: Front, request: Request, action: str, form: Form, error: KumoiError | None = None, named: str = ""
) -> Response:
    """For a new one, or with `named` for one that is there."""
    reading.count_here(front.house, request.call(), GROUPS, Query(limit=1))  # its policy is the form's too
    values: dict[str, Any] = {"form": form, "action": action, "named": named, "errors": {}}
    if error is None:
        return front.part(request, _TEMPLATE, "dialog", **values)
    errors: Errors = at_fields(request, error, _FIELDS)
    return front.again(request, _TEMPLATE, "dialog", error, **{**values, "errors": errors})


# --- one of them ----------------------------------------------------------------------------------------


def show(front: Front, request: Request) -> Response:
    call, view = request.call(), _view(front, request)
    members = holders.members(front.house, call, view.group.id, MEMBERS_SHOWN)
    return front.page(
        request,
        "security_group.html",
        group=view.group,
        incoming=security_rules.shown(front, request, view, "ingress"),
        outgoing=security_rules.shown(front, request, view, "egress"),
        members=members,
        most=MEMBERS_SHOWN,
        mine=view.group.project_id == call.project_id,
        is_default=view.group.name == DEFAULT_GROUP,
        counter=quota(front.house, call, call.project_id)["security_rules"],
    )


def edit(front: Front, request: Request) -> Response:
    group = _view(front, request).group
    form = Form([("name", group.name), ("description", group.description)])
    return _form(front, request, f"{PATH}/{group.id}/edit", form, named=group.name)


def save(front: Front, request: Request) -> Response:
    form, group_id = form_of(request), GroupId(request.params["id"])
    change = GroupChange(name=form.text("name"), description=form.text("description"))
    try:
        saved = doors.update_group(front.house, request.call(), group_id, change).group
    except KumoiError as e:
        return _form(front, request, f"{PATH}/{group_id}/edit", form, e, named=form.text("name"))
    text = front.say(request, "security_groups.saved", name=saved.name)
    return front.done(request, f"{PATH}/{group_id}", text, stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    view = _view(front, request)
    used = holders.member_counts(front.house, request.call(), [view.group.id])[view.group.id]
    hindered = front.say(request, "security_groups.delete.used", n=used) if used else ""
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "security_groups.delete", name=view.group.name),
        text=front.say(request, "security_groups.delete.text"),
        hindered=hindered,
        action=f"{PATH}/{view.group.id}/delete",
        submit=front.say(request, "delete"),
    )


def delete(front: Front, request: Request) -> Response:
    view = _view(front, request)
    doors.delete_group(front.house, request.call(), view.group.id)
    return front.done(request, PATH, front.say(request, "security_groups.deleted", name=view.group.name))


def _view(front: Front, request: Request) -> GroupView:
    return reading.show(front.house, request.call(), GROUPS, request.params["id"])
