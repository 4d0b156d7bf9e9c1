"""Signing in with another's account: the browser goes to a provider and comes back, with a sealed cookie.

A link leads there, not a form: our pages' forms may be sent nowhere but here.
"""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.front import Front
from kumoi.api.web.pages.session import enter, next_of, refuse
from kumoi.api.web.refusals import SIGN_IN
from kumoi.api.web.visits import session_cookie, set_cookie, speak
from kumoi.api.web.words import Table
from kumoi.app.identity import openid
from kumoi.core.errors import KumoiError
from kumoi.core.openid import refused

BACK: Final = f"{SIGN_IN}/back"
WORDS: Final[Table] = {}


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", f"{SIGN_IN}/with/{{provider}}/{{protocol}}", partial(leave, front), service="web", anonymous=True,
              pool="hash"),
        Route("GET", BACK, partial(come_back, front), service="web", anonymous=True, pool="hash"),
    ]  # fmt: skip


def leave(front: Front, request: Request) -> Response:
    speak(request, None)
    choice = (request.params["provider"], request.params["protocol"])
    path = next_of(request.arg("next") or "")
    try:
        place, carried = openid.begin(front.house, choice, f"{front.site.url(request)}{BACK}", path)
    except KumoiError as e:
        return refuse(front, request, e, path)
    cookie = set_cookie(request, _cookie(request), carried, int(openid.TRIP_MOST_S))
    return Response(303, headers=(("location", place), cookie))


def come_back(front: Front, request: Request) -> Response:
    speak(request, None)
    gone = set_cookie(request, _cookie(request), "", 0)
    try:
        carried = request.cookie(_cookie(request))
        if not carried:
            raise refused("state")
        user, trip = openid.finish(front.house, request.id, carried, dict(request.query))
    except KumoiError as e:
        return refuse(front, request, e, "/", gone)
    return enter(front, request, user, next_of(trip.then), gone)


def _cookie(request: Request) -> str:
    return f"{session_cookie(request)}_trip"
