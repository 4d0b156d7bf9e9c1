"""Refusals of doors as people meet them: at the field, in a passing note, as a page. Sentences are api/edge/text's."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.plain import render_plain
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.web.screens import Screens
from kumoi.api.web.visits import speak
from kumoi.api.web.wording import sentence
from kumoi.core.errors import Forbidden, Invalid, KumoiError, Unauthenticated

Errors = dict[str, str]
SIGN_IN: Final = "/sign-in"
_TITLES: Final = {403: ("error.forbidden", "lock"), 404: ("error.not_found", "compass"),
                  500: ("error.internal", "bug"), 503: ("error.unavailable", "cloud-off")}  # fmt: skip


def at_fields(request: Request, error: KumoiError, fields: Mapping[str, str]) -> Errors:
    """A sentence at the form's field that the error's `field` means (`fields`: a door's name → the form's); at the
    empty name where the form has none."""
    named = str(error.facts.get("field", "")) if isinstance(error, Invalid) else error.code
    return {fields.get(named, ""): sentence(error, request.locale)}


def note(text: str, tone: str = "good", **more: bool) -> tuple[str, str]:
    """The header that has the browser show a passing note, and (`closeDialog=True`) close its dialog."""
    return "hx-trigger", json.dumps({"toast": {"text": text, "tone": tone}, **more})  # in ASCII, as headers are


def renderer(screens: Screens) -> Callable[[Request, KumoiError], Response]:
    """`Tongue.render_error`."""

    def render(request: Request, error: KumoiError) -> Response:
        if request.actor is None:
            speak(request, None)
        if isinstance(error, Unauthenticated):
            return _to_sign_in(request, error)
        status = status_of(error)
        if _reads_pages(request) and _nowhere(request, error):
            return screens.page(request, "no_project.html", {}, status=status)
        if request.header("hx-request") == "true":
            headers = (note(sentence(error, request.locale), "bad"), ("hx-reswap", "none"))
            return screens.answer(request, "", status, headers)
        if not _reads_pages(request):
            return render_plain(request, error)
        title, symbol = _TITLES.get(status, ("error.title", "circle-alert"))
        values: dict[str, Any] = {
            "title": screens.words.say(request.locale, title),
            "symbol": symbol,
            "says": sentence(error, request.locale),
            "layer": error.layer,
        }
        return screens.page(request, "error.html", values, status=status)

    return render


def _nowhere(request: Request, error: KumoiError) -> bool:
    """Whether it is for want of any project that the visitor may do nothing."""
    return isinstance(error, Forbidden) and request.actor is not None and request.actor.project_id is None


def _to_sign_in(request: Request, error: Unauthenticated) -> Response:
    """The way to the sign-in page and back; a stream or a script is only told."""
    if request.header("hx-request") == "true":
        shown = urlsplit(request.header("hx-current-url") or "/")
        return Response(401, headers=(("hx-redirect", _sign_in_at(shown.path, shown.query)),))
    if request.method in {"GET", "HEAD"} and _reads_pages(request):
        path, query = request.raw_path.decode("latin-1"), request.raw_query.decode("latin-1")
        return Response(303, headers=(("location", _sign_in_at(path, query)),))
    if _reads_pages(request):
        return Response(303, headers=(("location", SIGN_IN),))
    return render_plain(request, error)


def _sign_in_at(path: str, query: str) -> str:
    if path == "/" and not query:
        return SIGN_IN
    return f"{SIGN_IN}?next={quote(path + ('?' + query if query else ''), safe='')}"


def _reads_pages(request: Request) -> bool:
    return "text/html" in (request.header("accept") or "")
