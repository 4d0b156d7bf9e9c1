"""The account: language and theme, the password, and the browsers that are signed in."""

import re
from functools import partial
from typing import Final, NamedTuple

from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import form_of
from kumoi.api.web.front import Front
from kumoi.api.web.pages.session import THEME_COOKIE, YEAR_S
from kumoi.api.web.refusals import Errors, at_fields
from kumoi.api.web.visits import LOCALE_COOKIE, set_cookie, set_session, visitor
from kumoi.api.web.words import Table
from kumoi.app.identity import people, web_sessions
from kumoi.core.errors import KumoiError
from kumoi.core.ids import WebSessionId
from kumoi.core.web_sessions import WebSession

TEMPLATE: Final = "account.html"
LEAST: Final = 8
_BROWSERS: Final = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS: Final = (("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Windows", "Windows"),
                   ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip

WORDS: Final[Table] = {
    "title": ("Account", "アカウント"),
    "looks": ("Language and theme", "言語とテーマ"),
    "browser": ("As the browser asks", "ブラウザに合わせる"),
    "english": ("English", "English"),
    "japanese": ("Japanese", "日本語"),
    "password": ("Password", "パスワード"),
    "password.lead": ("A new one signs you out everywhere, and ends all tokens.",
                      "変更するとすべてのブラウザからサインアウトし、発行済みトークンは無効になります。"),
    "password.old": ("Present password", "現在のパスワード"),
    "password.new": ("New password", "新しいパスワード"),
    "password.help": ("At least 8 characters. A few words are better than odd signs.",
                      "8 文字以上。記号よりも、いくつかの単語の組み合わせをお勧めします。"),
    "password.again": ("New password again", "新しいパスワード (確認)"),
    "password.differs": ("The two are not the same.", "2 つの入力が一致しません。"),
    "password.short": ("It has fewer than 8 characters.", "8 文字未満です。"),
    "password.change": ("Change password", "パスワードを変更"),
    "sessions": ("Where you are signed in", "サインイン中のブラウザ"),
    "sessions.lead": ("End what you do not know.", "心当たりのないものは終了してください。"),
    "sessions.here": ("this browser", "このブラウザ"),
    "sessions.seen": ("last seen", "最終アクセス"),
    "sessions.from": ("from {address}", "{address} から"),
    "sessions.end": ("End", "終了"),
    "sessions.ended": ("The session was ended.", "セッションを終了しました。"),
    "unknown": ("Unknown browser", "不明なブラウザ"),
    "saved": ("Saved.", "保存しました。"),
    "changed": ("The password was changed. Sign in with the new one.",
                "パスワードを変更しました。新しいパスワードでサインインしてください。"),
    "ids": ("Who you are", "ユーザー情報"),
    "user_id": ("User ID", "ユーザー ID"),
    "project_id": ("Project ID", "プロジェクト ID"),
}  # fmt: skip


class Seat(NamedTuple):
    """One session as its user knows it: the browser, and whether it is this one."""

    id: WebSessionId
    says: str
    agent: str
    address: str
    seen_at: float
    created_at: float
    here: bool
    phone: bool


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/account", partial(show, front), "web_session.own", "web"),
        Route("POST", "/account/looks", partial(prefer, front), "web_session.own", "web"),
        Route("POST", "/account/password", partial(change_password, front), "web_session.own", "web", pool="hash"),
        Route("POST", "/account/sessions/{id}/end", partial(end, front), "web_session.own", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    return _page(front, request, {}, 200)


def prefer(front: Front, request: Request) -> Response:
    """Kept with the account, and by the browser for its next sign-in page."""
    form, who = form_of(request), visitor(request)
    wish = replace(who.preference, locale=form.text("locale"), theme=form.text("theme"))
    web_sessions.prefer(front.house, request.call(), wish)
    answer = front.done(request, "/account", front.say(request, "account.saved"))
    answer.headers = [
        *answer.headers,
        set_cookie(request, LOCALE_COOKIE, wish.locale, YEAR_S if wish.locale else 0),
        set_cookie(request, THEME_COOKIE, wish.theme, YEAR_S),
    ]
    return answer


def change_password(front: Front, request: Request) -> Response:
    form, who = form_of(request), visitor(request)
    new = form.raw("new")
    errors: Errors = {}
    if len(new) < LEAST:
        errors["new"] = front.say(request, "account.password.short")
    elif new != form.raw("again"):
        errors["again"] = front.say(request, "account.password.differs")
    if errors:
        return _page(front, request, errors, 422)
    try:
        people.change_password(front.house, request.id, who.user_id, form.raw("old"), new)
    except KumoiError as e:
        return _page(front, request, at_fields(request, e, {"unauthenticated": "old"}), 422)
    answer = front.done(request, "/sign-in", front.say(request, "account.changed"))
    answer.headers = [*answer.headers, set_session(request, "")]
    return answer


def end(front: Front, request: Request) -> Response:
    session_id = WebSessionId(request.params["id"])
    web_sessions.end(front.house, request.call(), session_id)
    here = session_id == visitor(request).session.id
    return front.done(
        request, "/sign-in" if here else "/account", front.say(request, "account.sessions.ended"), stay=not here
    )


def _page(front: Front, request: Request, errors: Errors, status: int) -> Response:
    who = visitor(request)
    found = web_sessions.own_sessions(front.house, request.call())
    unknown = front.say(request, "account.unknown")
    seats = [_seat(one, who.session.id, unknown) for one in found]
    values = {"seats": seats, "preference": who.preference, "errors": errors}
    return front.screens.page(request, TEMPLATE, values, status=status)


def _seat(session: WebSession, here: WebSessionId, unknown: str) -> Seat:
    browser = next((name for mark, name in _BROWSERS if mark in session.agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in session.agent), "")
    return Seat(
        id=session.id,
        says=" · ".join(filter(None, (browser, system))) or unknown,
        agent=session.agent,
        address=session.address,
        seen_at=session.seen_at,
        created_at=session.created_at,
        here=session.id == here,
        phone=bool(re.search("Mobile|iPhone|Android", session.agent)),
    )


