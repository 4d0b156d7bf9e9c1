"""Signing in and out, and which project one works in."""

import asyncio
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.refusals import SIGN_IN
from kumoi.api.web.visits import (
    LOCALE_COOKIE,
    same_origin,
    set_cookie,
    set_session,
    speak,
    visitor,
)
from kumoi.api.web.wording import sentence
from kumoi.api.web.words import Table
from kumoi.app.identity import openid, scopes, web_sessions
from kumoi.app.identity.factors import Code, Given, Password, Receipt, prove
from kumoi.app.identity.passwords import WRONG
from kumoi.app.identity.patience import Patience
from kumoi.app.identity.tokens import Who
from kumoi.app.identity.web_sessions import Browser
from kumoi.core.errors import Forbidden, KumoiError, Unauthenticated
from kumoi.core.ids import ProjectId
from kumoi.core.tenancy import DEFAULT_DOMAIN, User

PATIENCE_MOST_S: Final = 30.0
YEAR_S: Final = 365 * 86400
THEME_COOKIE: Final = "kumoi_theme"
_TEMPLATE: Final = "session.html"

WORDS: Final[Table] = {
    "title": ("Sign in", "サインイン"),
    "lead": ("to the cloud at {host}", "{host} のクラウド"),
    "user": ("User name", "ユーザー名"),
    "password": ("Password", "パスワード"),
    "domain": ("Domain", "ドメイン"),
    "domain.help": (
        "Leave it as it is unless you were told otherwise.",
        "特に指示がなければ変更する必要はありません。",
    ),
    "other_domain": ("Another domain", "別のドメイン"),
    "submit": ("Sign in", "サインイン"),
    "code": ("One-time code", "ワンタイムコード"),
    "code.help": (
        "The six digits that your authenticator shows now.",
        "認証アプリに現在表示されている 6 桁の数字です。",
    ),
    "code.wrong": ("The code is wrong, or was used already.", "コードが違うか、既に使われています。"),
    "code.for": ("as {name}", "{name} として"),
    "elsewhere": ("or with", "または"),
    "with": ("Sign in with {name}", "{name} でサインイン"),
    "again": ("Begin again", "最初からやり直す"),
    "first": ("The first passwords are printed by", "最初のパスワードは次のコマンドで表示されます:"),
    "wait": (
        "Too many wrong attempts. Try again in {n} s.",
        "誤った試行が多すぎます。{n} 秒後にもう一度お試しください。",
    ),
    "other_language": ("日本語", "English"),
    "project.none": ("You have a role in no project.", "ロールを持つプロジェクトがありません。"),
    "switched": ("You work in {name} now.", "プロジェクトを {name} に切り替えました。"),
}


def routes(front: Front) -> list[Route]:
    patience = Patience()
    return [
        Route("GET", SIGN_IN, partial(show, front), service="web", anonymous=True),
        Route("POST", SIGN_IN, partial(sign_in, front, patience), service="web", anonymous=True, wait=True),
        Route("GET", "/language/{locale}", partial(speak_other, front), service="web", anonymous=True),
        Route("POST", "/sign-out", partial(sign_out, front), "web_session.own", "web"),
        Route("GET", "/session/projects", partial(projects, front), "web_session.own", "web"),
        Route("POST", "/session/project", partial(switch, front), "web_session.own", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    speak(request, None)
    return _page(front, request, Form(request.query), "", 200)


async def sign_in(front: Front, patience: Patience, request: Request) -> Response:
    """Wrong tries make the next one of the same name from the same place wait, here on the loop, not in a thread."""
    speak(request, None)
    if not same_origin(request):
        raise Forbidden("identity", action="web_session.own", reason="forged", needs=["token"])
    form, clock = form_of(request), front.house.clock
    name, address = form.text("user"), request.client
    wait_s = patience.wait_s(name, address, clock.now())
    if wait_s > PATIENCE_MOST_S:
        return _page(front, request, form, front.say(request, "session.wait", n=round(wait_s)), 429)
    await asyncio.sleep(wait_s)
    try:
        response: Response = await request.run_in("hash", partial(_enter, front, request, form))
    except Unauthenticated as e:
        patience.failed(name, address, clock.now())
        receipt = form.text("receipt") if e.facts.get("reason") == WRONG else ""
        return _page(front, request, form, _why(front, request, e, receipt), 401, receipt)
    patience.succeeded(name, address)
    return response


def _why(front: Front, request: Request, error: Unauthenticated, receipt: str) -> str:
    return front.say(request, "session.code.wrong") if receipt else sentence(error, request.locale)


def _enter(front: Front, request: Request, form: Form) -> Response:
    """With the receipt for a password that was right, only the code is asked for."""
    who = Who(user_name=form.text("user"), domain=form.text("domain") or DEFAULT_DOMAIN)
    receipt, code = form.text("receipt"), form.text("code")
    given = Given(
        password=None if receipt else Password(who=who, password=form.raw("password")),
        code=Code(who=who, code=code.replace(" ", "")) if receipt else None,
        receipt=receipt,
    )
    proved = prove(front.house, given)
    if isinstance(proved, Receipt):
        return _page(front, request, form, "", 200, proved.text)
    return enter(front, request, proved.user, next_of(form.text("next")))


def enter(front: Front, request: Request, user: User, path: str, *more: tuple[str, str]) -> Response:
    """A session for who has proved to be this user."""
    browser = Browser(agent=request.header("user-agent") or "", address=request.client)
    secret, _ = web_sessions.open_session(front.house, request.id, user, browser)
    return Response(303, headers=(("location", path), set_session(request, secret), *more))


def refuse(front: Front, request: Request, error: KumoiError, path: str, *more: tuple[str, str]) -> Response:
    """Signing in elsewhere came to nothing: the page again, with why."""
    answer = _page(front, request, Form([("next", path)]), sentence(error, request.locale), front.status(error))
    answer.headers = [*answer.headers, *more]
    return answer


def _page(front: Front, request: Request, form: Form, says: str, status: int, receipt: str = "") -> Response:
    values = {
        "form": form,
        "says": says,
        "next": next_of(form.text("next")),
        "host": request.header("host") or "",
        "receipt": receipt,
        "choices": openid.choices(front.house),
    }
    return front.screens.page(request, _TEMPLATE, values, status=status)


def next_of(wish: str) -> str:
    """Where to go on: a path of our own, whatever was asked for."""
    parts = urlsplit(wish)
    ours = wish.startswith("/") and not wish.startswith("//") and "\\" not in wish and wish.isascii()
    return wish if ours and not parts.netloc and not parts.scheme and wish.isprintable() else "/"


def speak_other(front: Front, request: Request) -> Response:
    """The language of the sign-in page, remembered by the browser."""
    locale = "ja" if request.params["locale"] == "ja" else "en"
    return Response(303, headers=(("location", SIGN_IN), set_cookie(request, LOCALE_COOKIE, locale, YEAR_S)))


def sign_out(front: Front, request: Request) -> Response:
    web_sessions.end(front.house, request.call(), visitor(request).session.id)
    return Response(303, headers=(("location", SIGN_IN), set_session(request, "")))


def projects(front: Front, request: Request) -> Response:
    """What one may switch to, for the popup."""
    found = scopes.own_projects(front.house, request.call())
    return front.part(request, "projects.html", "choice", projects=found, current=visitor(request).project_id)


def switch(front: Front, request: Request) -> Response:
    call = request.call()
    project_id = ProjectId(form_of(request).text("project"))
    web_sessions.switch_project(front.house, call, visitor(request).session.id, project_id)
    name = scopes.own_projects(front.house, call)
    chosen = next((p.name for p in name if p.id == project_id), "")
    return front.done(request, "/", front.say(request, "session.switched", name=chosen))
