"""Users and the roles they hold, for administrators: list, make, change, switch off, delete; give and take roles."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import Table
from kumoi.app.identity import assignments, people, roles
from kumoi.app.identity.assignments import Names, Wanted
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import UserId
from kumoi.core.query import Order, Query
from kumoi.core.roles import Assignment
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
    "edit": ("Edit {name}", "{name} を編集"),
    "saved": ("{name} was changed.", "{name} を変更しました。"),
    "password.keep": ("Empty: it stays. A new one ends all sessions and tokens of the user.",
                      "空欄なら変更しません。変更すると、すべてのセッションとトークンが無効になります。"),
    "delete": ("Delete the user {name}?", "ユーザー {name} を削除しますか？"),
    "delete.text": ("Roles, key pairs, access keys and sessions go too. What the user made in projects stays.",
                    "ロール・キーペア・アクセスキー・セッションも削除されます。プロジェクト内に作成したものは残ります。"),
    "delete.self": ("It is you. Another administrator can delete you.",
                    "ご自身は削除できません。別の管理者に依頼してください。"),
    "deleted": ("The user {name} was deleted.", "ユーザー {name} を削除しました。"),
    "holds": ("Roles of {name}", "{name} のロール"),
    "holds.none": ("No role yet: this user can sign in, and nothing else.",
                   "ロールがありません。サインイン以外の操作はできません。"),
    "take": ("Take back", "取り消し"),
    "take.row": ("Take back: {held}", "取り消し: {held}"),
    "take.self": ("You cannot take your own roles.", "ご自身のロールは取り消せません。"),
    "domain": ("domain {id}", "ドメイン {id}"),
    "given": ("{name} was given the role {role}.", "{name} にロール {role} を付与しました。"),
}  # fmt: skip


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A role that somebody was given, in words."""

    assignment: Assignment
    says: str


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/admin/users", partial(show, front), "identity.read", "web"),
        Route("GET", "/admin/users/create", partial(ask, front), "identity.write", "web"),
        Route("POST", "/admin/users/create", partial(create, front), "identity.write", "web", pool="hash"),
        Route("GET", "/admin/users/{id}/edit", partial(edit, front), "identity.write", "web"),
        Route("POST", "/admin/users/{id}/edit", partial(change, front), "identity.write", "web", pool="hash"),
        Route("GET", "/admin/users/{id}/delete", partial(ask_delete, front), "identity.write", "web"),
        Route("POST", "/admin/users/{id}/delete", partial(delete, front), "identity.write", "web"),
        Route("POST", "/admin/users/{id}/switch", partial(turn, front), "identity.write", "web"),
        Route("GET", "/admin/users/{id}/role", partial(ask_role, front), "identity.write", "web"),
        Route("POST", "/admin/users/{id}/role", partial(give, front), "identity.write", "web"),
        Route("POST", "/admin/users/{id}/role/take", partial(take, front), "identity.write", "web"),
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
    held: dict[str, list[str]] = {}
    for one in _given(front, request, Wanted()):
        held.setdefault(one.assignment.user_id, []).append(one.says)
    return {user: sorted(words) for user, words in held.items()}


def _given(front: Front, request: Request, wanted: Wanted) -> list[Given]:
    call = request.call()
    found = assignments.find(front.house, call, wanted)
    names = assignments.names(front.house, call, found)
    return [_in_words(front, request, names, one.held) for one in found]


def _in_words(front: Front, request: Request, names: Names, held: Assignment) -> Given:
    place = front.say(request, "users.in_system")
    if held.project_id:
        known = names.projects.get(held.project_id)
        place = known.name if known else held.project_id
    elif held.domain_id:
        place = front.say(request, "users.domain", id=held.domain_id)
    role = names.roles[held.role].name if held.role in names.roles else held.role
    return Given(assignment=held, says=front.say(request, "users.held", role=role, place=place))


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


# --- changing and deleting ------------------------------------------------------------------------------


def edit(front: Front, request: Request) -> Response:
    user = _user(front, request)
    form = Form([("name", user.name), ("email", user.email)])
    return front.ask(request, "identity.write", "users.html", "edit", user=user, form=form, errors={})


def change(front: Front, request: Request) -> Response:
    user, form = _user(front, request), form_of(request)
    wish: dict[str, str | bool | None] = {"name": form.text("name"), "email": form.text("email")}
    try:
        saved = people.update_user(front.house, request.call(), user.id, wish, form.raw("password") or None)
    except KumoiError as e:
        values = {"user": user, "form": form, "errors": at_fields(request, e, _FIELDS)}
        return front.again(request, "users.html", "edit", e, **values)
    return front.done(request, "/admin/users", front.say(request, "users.saved", name=saved.name), stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    user = _user(front, request)
    return front.ask(
        request,
        "identity.write",
        "confirm.html",
        "confirm",
        title=front.say(request, "users.delete", name=user.name),
        text=front.say(request, "users.delete.text"),
        hindered=front.say(request, "users.delete.self") if user.id == request.call().actor.user_id else "",
        action=f"/admin/users/{user.id}/delete",
        submit=front.say(request, "delete"),
    )


def delete(front: Front, request: Request) -> Response:
    user = _user(front, request)
    people.delete_user(front.house, request.call(), user.id)
    return front.done(request, "/admin/users", front.say(request, "users.deleted", name=user.name), stay=True)


# --- roles ----------------------------------------------------------------------------------------------


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


def take(front: Front, request: Request) -> Response:
    """One of those that the dialog shows; it stays open, with the others."""
    form, user = form_of(request), _user(front, request)
    wish = Assignment(
        id="",
        user_id=user.id,
        project_id=form.text("project"),
        domain_id=form.text("domain"),
        role=form.text("role"),
        inherited=form.on("inherited"),
    )
    assignments.unassign(front.house, request.call(), wish)
    return front.part(request, "users.html", "role", **_roles(front, request, EMPTY, {}))


def _roles(front: Front, request: Request, form: Form, errors: Any) -> dict[str, Any]:
    call, user = request.call(), _user(front, request)
    return {
        "user": user,
        "given": _given(front, request, Wanted(user_id=user.id)),
        "projects": [(p.id, p.name) for p in people.projects(front.house, call, Query(order=(Order("name"),)))],
        "roles": [(role.id, role.name) for role in roles.find(front.house, call)],
        "form": form,
        "errors": errors,
    }


def _user(front: Front, request: Request) -> User:
    return people.user(front.house, request.call(), UserId(request.params["id"]))
