"""The account: language and theme, one's own password, and the browsers that are signed in."""

from functools import partial
from typing import Final, NamedTuple

from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.pages.session import THEME_COOKIE, YEAR_S
from kumoi.api.web.refusals import SIGN_IN, Errors, at_fields
from kumoi.api.web.visits import LOCALE_COOKIE, set_cookie, set_session, visitor
from kumoi.api.web.words import Table
from kumoi.app.identity import people, web_sessions
from kumoi.app.identity.tokens import Who, by_right_password
from kumoi.app.identity.web_sessions import Browser
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import WebSessionId
from kumoi.core.web_sessions import WebSession

PATH: Final = "/account"
TEMPLATE: Final = "account.html"
_FIELDS: Final = {"unauthenticated": "old", "password": "new", "new": "new"}
# The first mark that is found counts: browsers name their ancestors too.
_BROWSERS: Final = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
_PHONES: Final = ("Mobile", "iPhone", "Android")

WORDS: Final[Table] = {
    "title": ("Account", "アカウント"),
    "who": ("You", "ユーザー情報"),
    "user_id": ("User ID", "ユーザー ID"),
    "project_id": ("Project ID", "プロジェクト ID"),
    "looks": ("Language and theme", "言語とテーマ"),
    "browser": ("As the browser asks", "ブラウザーに合わせる"),
    "english": ("English", "English"),
    "japanese": ("Japanese", "日本語"),
    "saved": ("Saved.", "保存しました。"),
    "password": ("Password", "パスワード"),
    "password.lead": (
        "A new one ends all other sessions and every token of yours.",
        "変更すると、ほかのセッションと発行済みのトークンはすべて無効になります。",
    ),
    "password.old": ("Present password", "現在のパスワード"),
    "password.new": ("New password", "新しいパスワード"),
    "password.again": ("New password again", "新しいパスワード (確認)"),
    "password.differs": ("The two are not the same.", "2 つの入力が一致しません。"),
    "password.change": ("Change the password", "パスワードを変更"),
    "password.changed": (
        "The password was changed. You are signed out everywhere else.",
        "パスワードを変更しました。ほかのブラウザーからはサインアウトしました。",
    ),
    "sessions": ("Where you are signed in", "サインイン中のブラウザー"),
    "sessions.lead": (
        "End what you do not know, then change your password.",
        "心当たりのないものは終了し、パスワードを変更してください。",
    ),
    "sessions.here": ("this browser", "このブラウザー"),
    "sessions.seen": ("last seen", "最終アクセス"),
    "sessions.end": ("Sign out", "サインアウト"),
    "sessions.ended": ("Signed out there.", "サインアウトしました。"),
    "sessions.others": ("Sign out everywhere else", "ほかのすべてからサインアウト"),
    "sessions.others.none": ("You are signed in nowhere else.", "ほかにサインイン中のブラウザーはありません。"),
    "sessions.others.ended": ("You are signed in here only now.", "サインイン中なのはこのブラウザーだけになりました。"),
    "sessions.all": ("Sign out everywhere", "すべてからサインアウト"),
    "unknown": ("Unknown browser", "不明なブラウザー"),
}


class Seat(NamedTuple):
    """One session as its user knows it. `here`: the one that asks."""

    session: WebSession
    says: str
    here: bool
    phone: bool


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", PATH, partial(show, front), "web_session.own", "web"),
        Route("POST", f"{PATH}/looks", partial(prefer, front), "web_session.own", "web"),
        Route("POST", f"{PATH}/password", partial(change_password, front), "web_session.own", "web", pool="hash"),
        Route("POST", f"{PATH}/sessions/others/end", partial(end_all, front, here=False), "web_session.own", "web"),
        Route("POST", f"{PATH}/sessions/all/end", partial(end_all, front, here=True), "web_session.own", "web"),
        Route("POST", f"{PATH}/sessions/{{id}}/end", partial(end, front), "web_session.own", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    return _page(front, request, {}, 200)


def prefer(front: Front, request: Request) -> Response:
    """Kept with the account, and by the browser for its next sign-in page."""
    form, who = form_of(request), visitor(request)
    wish = replace(who.preference, locale=form.text("locale"), theme=form.text("theme"))
    web_sessions.prefer(front.house, request.call(), wish)
    request.chosen_locale = wish.locale or None
    answer = front.done(request, PATH, front.say(request, "account.saved"))
    answer.headers = [
        *answer.headers,
        set_cookie(request, LOCALE_COOKIE, wish.locale, YEAR_S if wish.locale else 0),
        set_cookie(request, THEME_COOKIE, wish.theme, YEAR_S),
    ]
    return answer


def change_password(front: Front, request: Request) -> Response:
    """It ends every session of the user, this one too: this browser is given a new one."""
    form, who = form_of(request), visitor(request)
    new = form.raw("new")
    if new != form.raw("again"):
        return _page(front, request, {"again": front.say(request, "account.password.differs")}, 422)
    try:
        if not new:
            raise Invalid("api", field="new", reason="missing", name="new")
        people.change_password(front.house, request.id, who.user_id, form.raw("old"), new)
    except KumoiError as e:
        return _page(front, request, at_fields(request, e, _FIELDS), 422)
    browser = Browser(agent=request.header("user-agent") or "", address=request.client)
    known = by_right_password(front.house, Who(user_id=who.user_id), new)
    secret, session = web_sessions.open_session(front.house, request.id, known, browser)
    if who.project_id is not None:
        web_sessions.switch_project(front.house, request.call(), session.id, who.project_id)
    answer = front.done(request, PATH, front.say(request, "account.password.changed"))
    answer.headers = [*answer.headers, set_session(request, secret)]
    return answer


def end(front: Front, request: Request) -> Response:
    session_id = WebSessionId(request.params["id"])
    web_sessions.end(front.house, request.call(), session_id)
    if session_id == visitor(request).session.id:
        return _signed_out(front, request)
    return front.done(request, PATH, front.say(request, "account.sessions.ended"), stay=True)


def end_all(front: Front, request: Request, *, here: bool) -> Response:
    """`here`: this one as well."""
    kept = None if here else visitor(request).session.id
    web_sessions.end_all(front.house, request.call(), kept)
    if here:
        return _signed_out(front, request)
    return front.done(request, PATH, front.say(request, "account.sessions.others.ended"), stay=True)


def _signed_out(front: Front, request: Request) -> Response:
    answer = front.done(request, SIGN_IN, front.say(request, "account.sessions.ended"))
    answer.headers = [*answer.headers, set_session(request, "")]
    return answer


def _page(front: Front, request: Request, errors: Errors, status: int) -> Response:
    who, unknown = visitor(request), front.say(request, "account.unknown")
    found = web_sessions.own_sessions(front.house, request.call())
    values = {
        "seats": [_seat(one, who.session.id, unknown) for one in found],
        "preference": who.preference,
        "errors": errors,
        "form": Form([]),
    }
    return front.screens.page(request, TEMPLATE, values, status=status)


def _seat(session: WebSession, here: WebSessionId, unknown: str) -> Seat:
    browser = next((name for mark, name in _BROWSERS if mark in session.agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in session.agent), "")
    return Seat(
        session=session,
        says=" · ".join(filter(None, (browser, system))) or unknown,
        here=session.id == here,
        phone=any(mark in session.agent for mark in _PHONES),
    )
