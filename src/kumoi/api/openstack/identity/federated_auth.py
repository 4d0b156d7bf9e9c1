"""Tokens by another's word: for clients that bring a provider's token, and (WebSSO) for users of another dashboard,
whose browsers go to the provider and come back."""

from functools import partial
from html import escape
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.identity.tokens import render
from kumoi.app.house import House
from kumoi.app.identity import openid
from kumoi.app.identity.tokens import Scope, granted
from kumoi.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from kumoi.core.openid import refused

_ONE: Final = "/identity_providers/{id}/protocols/{protocol}"
_BACK: Final = "/v3/auth/OS-FEDERATION/callback"
_COOKIE: Final = "kumoi_sso"
_PAGE: Final = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Keystone WebSSO redirect</title></head>
<body><form id="sso" name="sso" action="{origin}" method="post">
<input type="hidden" name="token" value="{token}"><noscript><button>Continue</button></noscript></form>
<script>document.getElementById("sso").submit()</script></body></html>
"""


def routes(house: House, site: Site) -> list[Route]:
    alone = partial(Route, service="identity", anonymous=True, pool="hash")
    return [
        *(
            alone(method, f"/v3/OS-FEDERATION{_ONE}/auth", partial(issue, house, site), "token.issue", success=201)
            for method in ("GET", "POST")
        ),
        *(
            alone("GET", f"/v3/auth/OS-FEDERATION{path}", partial(leave, house, site), "token.issue", success=302)
            for path in ("/websso/{protocol}", f"{_ONE}/websso")
        ),
        alone("GET", _BACK, partial(come_back, house), "token.issue"),
    ]


def issue(house: House, site: Site, request: Request) -> Response:
    kind, _, token = (request.header("authorization") or "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated("identity", reason="no_bearer")
    name, protocol = request.params["id"], request.params["protocol"]
    grant = openid.by_bearer(house, request.id, name, protocol, token.strip())
    return json_response({"token": render(house, site, request, grant)}, 201, [("X-Subject-Token", grant.token)])


def leave(house: House, site: Site, request: Request) -> Response:
    """Only for dashboards that the settings name: a token is sent there."""
    origin = request.arg("origin")
    if not origin:
        raise Invalid("identity", field="origin", reason="missing", name="origin")
    if origin not in house.rules.trusted_dashboards:
        raise Forbidden("identity", action="token.issue", needs=[], reason="dashboard", name=origin)
    back = f"{site.url(request)}/identity{_BACK}"
    place, carried = openid.begin(house, (_provider(house, request), request.params["protocol"]), back, origin)
    return Response(302, headers=(("location", place), _cookie(request, carried, int(openid.TRIP_MOST_S))))


def come_back(house: House, request: Request) -> Response:
    carried = request.cookie(_COOKIE)
    if not carried:
        raise refused("state")
    user, trip = openid.finish(house, request.id, carried, dict(request.query))
    if trip.then not in house.rules.trusted_dashboards:
        raise refused("state")
    grant = granted(house, user, Scope(unscoped=True), (trip.protocol,))
    page = _PAGE.format(origin=escape(trip.then), token=escape(grant.token))
    return Response(200, page.encode(), "text/html; charset=utf-8", headers=(_cookie(request, "", 0),))


def _provider(house: House, request: Request) -> str:
    """The one that is named, or, where only a protocol is, the first that speaks it."""
    if named := request.params.get("id"):
        return named
    wanted = request.params["protocol"]
    for choice in openid.choices(house):
        if choice.protocol == wanted:
            return choice.provider_id
    raise NotFound("identity", kind="federation_protocol", id=wanted)


def _cookie(request: Request, value: str, age_s: int) -> tuple[str, str]:
    secure = "; Secure" if request.scheme == "https" else ""
    place = "/identity/v3/auth/OS-FEDERATION"
    return "set-cookie", f"{_COOKIE}={value}; Path={place}; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}"
