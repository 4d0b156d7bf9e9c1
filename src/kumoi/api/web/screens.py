"""From values to HTML: the templates' environment, and what every template may use without being handed it.

A template's blocks can be rendered alone: a live region of a page is a block whose name is the region's id, and a
request of htmx for that region gets only it. What does not belong here: what a page shows (pages/), its words.
"""

import base64
import gzip
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import CodeType, SimpleNamespace
from typing import Any, ClassVar, Final, NamedTuple

import msgspec
from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.web import formats
from kumoi.api.web.assets import Assets
from kumoi.api.web.icons import Icons
from kumoi.api.web.nav import MENU
from kumoi.api.web.shield import nonce_of
from kumoi.api.web.visits import session_cookie, set_cookie, token_for
from kumoi.api.web.words import Words
from kumoi.app.identity.web_sessions import Visitor
from kumoi.core.call import Call, Locale
from kumoi.core.parts import Off
from kumoi.core.policy import least_role, may

HTML: Final = "text/html; charset=utf-8"
NOTE_COOKIE: Final = "kumoi_note"
NOTE_S: Final = 20
LEAST_PACKED: Final = 1024
_PACKING: Final = 4  # a third of the time of 9, and hardly bigger
FILTERS: Final = {
    "size": formats.size,
    "number": formats.number,
    "quantity": formats.quantity,
    "iso": formats.iso,
    "moment": formats.moment,
    "plain": formats.plain,
}
MACROS: Final = ("page", "controls", "fields", "tables", "status")


class Screen(NamedTuple):
    """One rendering: for whom, when, in what language and colours. `since`: the last event that it surely shows.
    `note`: what was done on the page before, told in passing."""

    request: Request
    visitor: Visitor | None
    locale: Locale
    theme: str
    nonce: str
    token: str
    since: int
    note: str


_screen: ContextVar[Screen] = ContextVar("screen")


class _Compiled(BytecodeCache):
    """What templates were compiled to, for the next environment of this process: tests make many."""

    _code: ClassVar[dict[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key] = bucket.code


class Screens:
    """`assets`: the files that pages name; `mask` gives so many random bytes, `since` the number of the last event
    known; `off`: parts of the cloud of which nothing is shown. Thread-safe."""

    def __init__(
        self,
        words: Words,
        assets: Assets,
        icons: Icons,
        mask: Callable[[int], bytes],
        since: Callable[[], int],
        off: Off,
    ) -> None:
        self.words = words
        self._mask = mask
        self._since = since
        self._off = off
        self._templates = Environment(
            loader=PackageLoader("kumoi.api.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_Compiled(),
        )
        self._templates.globals |= {
            "t": self.say,
            "asset": assets.url,
            "icon": icons.draw,
            "screen": _screen.get,
            "menu": MENU,
            "may": self._may,
            "least_role": least_role,
            "opens": _opens,
            "browser_words": self._browser_words,
        }
        self._templates.filters |= FILTERS | {"ago": self._ago}
        self._load_macros()

    def _may(self, action: str) -> bool:
        """Whether the visitor may do this at all, for what is shown greyed."""
        screen = _screen.get()
        if screen.visitor is None or self._off.forbids(action):
            return False
        return may(Call(actor=screen.visitor, request_id=screen.request.id, now=screen.request.now), action)

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        """The whole page; or, where htmx asks for a region that is a block of it, that block."""
        wanted = region_of(request)
        block = wanted if wanted in self._templates.get_template(template).blocks else None
        if block is None and request.cookie(NOTE_COOKIE):
            headers = (*headers, set_cookie(request, NOTE_COOKIE, "", 0))
        return self.answer(request, self.render(request, template, values, block), status, headers)

    def part(
        self,
        request: Request,
        template: str,
        block: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        """One block for a dialog, a menu, a form that comes back; as a page of its own to who came by its address."""
        if request.header("hx-request") == "true":
            return self.answer(request, self.render(request, template, values, block), status, headers)
        body = Markup(self.render(request, template, values, block))  # noqa: S704 - rendered, and escaped, just now
        return self.answer(request, self.render(request, "alone.html", {"body": body}, None), status, headers)

    def render(self, request: Request, template: str, values: Mapping[str, Any], block: str | None) -> str:
        visitor = request.actor if isinstance(request.actor, Visitor) else None
        secret = request.cookie(session_cookie(request)) or ""
        project = visitor.session.project_id if visitor is not None else ""
        screen = Screen(
            request=request,
            visitor=visitor,
            locale=request.locale,
            theme=visitor.preference.theme if visitor is not None else request.cookie("kumoi_theme") or "system",
            nonce=nonce_of(request),
            token=token_for(secret, project, self._mask(16)) if secret else "",
            since=visitor.since if visitor is not None else self._since(),
            note=_note_of(request),
        )
        mark = _screen.set(screen)
        try:
            found = self._templates.get_template(template)
            if block is None:
                return found.render(values)
            return "".join(found.blocks[block](found.new_context(dict(values))))
        finally:
            _screen.reset(mark)

    def answer(
        self, request: Request, html: str, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
    ) -> Response:
        body = html.encode()
        headers = (*headers, ("vary", "hx-request, hx-target, accept-encoding, cookie"))
        if len(body) >= LEAST_PACKED and "gzip" in (request.header("accept-encoding") or ""):
            return Response(status, gzip.compress(body, _PACKING), HTML, (*headers, ("content-encoding", "gzip")))
        return Response(status, body, HTML, headers)

    def say(self, key: str, /, **facts: Any) -> str:
        """A word, in the language of what is being rendered."""
        return self.words.say(_screen.get().locale, key, **facts)

    def _ago(self, at: float) -> str:
        word, n = formats.age(_screen.get().request.now - at)
        return self.say(word, n=n)

    def _browser_words(self) -> Markup:
        """What scripts say, as JSON that may stand inside a script element."""
        keys = ("copied", "live", "live.on", "live.lost", "live.switched", "live.ended", "live.reload", "close",
                "list.selected", "ago.now", "ago.m", "ago.h", "ago.d")  # fmt: skip
        locale = _screen.get().locale
        text = msgspec.json.encode({key: self.words.say(locale, key) for key in keys}).decode()
        return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - no < is left to end the element with

    def _load_macros(self) -> None:
        """All macros under one name, however they are strewn over files; they may call each other."""
        ui = self._templates.globals["ui"] = SimpleNamespace()
        for name in MACROS:
            module = self._templates.get_template(f"ui/{name}.html").module
            vars(ui).update({k: v for k, v in vars(module).items() if not k.startswith("_")})


def set_note(request: Request, text: str) -> tuple[str, str]:
    """The header by which the next page tells in passing what was done."""
    return set_cookie(request, NOTE_COOKIE, base64.urlsafe_b64encode(text[:400].encode()).decode(), NOTE_S)


def _note_of(request: Request) -> str:
    try:
        return base64.urlsafe_b64decode(request.cookie(NOTE_COOKIE) or "").decode()
    except ValueError:
        return ""


def region_of(request: Request) -> str:
    """The id of the element that htmx will put the answer in; empty for who wants a page."""
    if request.header("hx-request") != "true":
        return ""
    return (request.header("hx-target") or "").partition("#")[2]


def _opens(address: str) -> dict[str, str]:
    """Attributes of what has the dialog show what is at an address."""
    return {"hx-get": address, "hx-target": "#dialog", "hx-swap": "innerHTML"}


