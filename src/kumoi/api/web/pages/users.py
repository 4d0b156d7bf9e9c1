"""Users and the roles they hold, for administrators: list, make, switch off, give a role in a project."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import Table
from kumoi.app.identity import assignments, people, roles
from kumoi.app.identity.assignments import Wanted
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import UserId
from kumoi.core.query import Order, Query
from kumoi.core.tenancy import User

SHAPE: Final = Shape(path="/admin/users", sortable=("name", "created_at"), first=Order("name"))
_FIELDS: Final = {"name": "name", "taken": "name", "password": "password", "email": "email"}
WORDS: Final[Table] = {
    "title": ("Users and roles", "ユーザーとロール"),
    "lead": ("Who may sign in, and what each may do in which project.",
             "サインインできる人と、プロジェクトごとの権限です。"),
    "some": ("user", "ユーザー"),
    "roles": ("Roles", "ロール"),
    "role": ("Role", "ロール"),
    "in_system": ("the whole cloud", "クラウド全体"),
    "held": ("{role} in {place}", "{place} の {role}"),
    "enabled": ("Enabled", "有効"),
    "disabled": ("Disabled", "無効"),
    "enable": ("Enable", "有効にする"),
    "disable": ("Disable", "無効にする"),
    "was_enabled": ("{name} may sign in again.", "{name} は再びサインインできます。"),
    "was_disabled": ("{name} may not sign in any more; all its tokens have ended.",
                     "{name} はサインインできなくなりました。発行済みのトークンもすべて無効です。"),
    "create": ("Create a user", "ユーザーを作成"),
    "create.lead": ("Without a role in a project a user can sign in, and nothing else.",
                    "プロジェクトのロールがないユーザーは、サインイン以外の操作ができません。"),
    "made": ("{name} was made.", "{name} を作成しました。"),
    "password": ("Password", "パスワード"),
    "email": ("E-mail", "メールアドレス"),
    "give": ("Give a role", "ロールを付与"),
    "give.of": ("Give {name} a role", "{name} にロールを付与"),
    "given": ("{name} was given the role {role}.", "{name} にロール {role} を付与しました。"),
}  # fmt: skip


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/admin/users", partial(show, front), "identity.read", "web"),
        Route("GET", "/admin/users/create", partial(ask, front), "identity.write", "web"),
        Route("POST", "/admin/users/create", partial(create, front), "identity.write", "web", pool="hash"),
        Route("POST", "/admin/users/{id}/switch", partial(turn, front), "identity.write", "web"),
        Route("GET", "/admin/users/{id}/role", partial(ask_role, front), "identity.write", "web"),
        Route("POST", "/admin/users/{id}/role", partial(give, front), "identity.write", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, SHAPE)

    def find(asked: Asked) -> list[User]:
        filters = (containing("name", asked.text),) if asked.text else ()
        return people.users(front.house, call, asked.query(*filters))

    found = listing(asked, find, lambda user: user.id)
    return front.page(request, "users.html", list=found, held=_held(front, request))


def _held(front: Front, request: Request) -> dict[str, list[str]]:
    """What each user was given, in words, by the user's id."""
    call = request.call()
    given = [one.held for one in assignments.find(front.house, call, Wanted())]
    projects = {p.id: p.name for p in people.projects(front.house, call, Query())}
    known = {role.id: role.name for role in roles.find(front.house, call)}
    held: dict[str, list[str]] = {}
    for one in given:
        system = front.say(request, "users.in_system")
        place = projects.get(one.project_id, one.project_id) if one.project_id else one.domain_id or system  # type: ignore[call-overload]
        word = front.say(request, "users.held", role=known.get(one.role, one.role), place=place)  # type: ignore[call-overload]
        held.setdefault(one.user_id, []).append(word)
    return {user: sorted(words) for user, words in held.items()}


def ask(front: Front, request: Request) -> Response:
    return front.ask(request, "identity.write", "users.html", "create", form=EMPTY, errors={})


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    wish = User(id=UserId(""), name=form.text("name"), password_hash="", email=form.text("email"))
    try:
        if not form.raw("password"):
            raise Invalid("identity", field="password", reason="missing")
        made = people.create_user(front.house, request.call(), wish, form.raw("password"))
    except KumoiError as e:
        return front.again(
            request, "users.html", "create", e, form=form, errors=at_fields(request, e, _FIELDS)
        )  # fmt: skip
    return front.done(request, "/admin/users", front.say(request, "users.made", name=made.name), stay=True)


def turn(front: Front, request: Request) -> Response:
    on = form_of(request).text("enabled") == "yes"
    user = people.update_user(front.house, request.call(), UserId(request.params["id"]), {"enabled": on})
    word = "users.was_enabled" if on else "users.was_disabled"
    return front.done(request, "/admin/users", front.say(request, word, name=user.name), stay=True)


def ask_role(front: Front, request: Request) -> Response:
    return front.ask(request, "identity.write", "users.html", "role", **_roles(front, request, EMPTY, {}))


def give(front: Front, request: Request) -> Response:
    form, user_id = form_of(request), UserId(request.params["id"])
    try:
        user = people.user(front.house, request.call(), user_id)
        people.assign(front.house, request.call(), user_id, form.text("project"), form.text("role"))
    except KumoiError as e:
        values = _roles(front, request, form, at_fields(request, e, {"role": "role", "project": "project"}))
        return front.again(request, "users.html", "role", e, **values)
    says = front.say(request, "users.given", name=user.name, role=form.text("role"))
    return front.done(request, "/admin/users", says, stay=True)


def _roles(front: Front, request: Request, form: Form, errors: Any) -> dict[str, Any]:
    call = request.call()
    return {
        "user": people.user(front.house, call, UserId(request.params["id"])),
        "projects": [(p.id, p.name) for p in people.projects(front.house, call, Query(order=(Order("name"),)))],
        "roles": [(role.id, role.name) for role in roles.find(front.house, call)],
        "form": form,
        "errors": errors,
    }
