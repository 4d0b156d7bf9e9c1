"""GET /metrics and /metrics/guests, as Prometheus asks.

The first has no name and no id of a tenant's: whoever sits on this machine may read it, others with the scraper's
token. The second is told by ids, and always asks for the token (`Authorization: Bearer`, from STATE/keys/scrape) or for
an administrator's. The scraper may do nothing else.
"""

from collections.abc import Callable
from functools import partial
from hmac import compare_digest
from ipaddress import ip_address
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest

from kumoi.api.edge.plain import render_plain
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.operator.prometheus import CloudCollector, guest_lines
from kumoi.app.house import House
from kumoi.app.meters.newest import newest
from kumoi.core.call import Actor, Call
from kumoi.core.ids import UserId
from kumoi.core.policy import allow

_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED: Final = ("forwarded", "x-forwarded-for")
_SCRAPER: Final = Actor(
    user_id=UserId("scraper"), user_name="scraper", project_id=None, roles=frozenset({"reader"}), system=True
)
Authenticate = Callable[[Request], Actor]


def tongue(house: House, registry: CollectorRegistry, secret: str) -> Tongue:
    """Mounted at /metrics. `registry` gets the cloud's own numbers beside those that are in it."""
    registry.register(CloudCollector(house))
    who = scraper_or_token(house, secret)
    return Tongue(
        name="scrape",
        prefix="/metrics",
        routes=[
            Route("GET", "/", partial(cloud, registry, who), anonymous=True),
            Route("GET", "/guests", partial(guests, house), "meter.scrape", "scrape"),
        ],
        authenticate=who,
        render_error=render_plain,
    )


def scraper_or_token(house: House, secret: str) -> Authenticate:
    ordinary = by_token(house)

    def authenticate(request: Request) -> Actor:
        kind, _, given = (request.header("authorization") or "").partition(" ")
        if kind.lower() == "bearer" and compare_digest(given.encode(), secret.encode()):
            return _SCRAPER
        return ordinary(request)

    return authenticate


def cloud(registry: CollectorRegistry, who: Authenticate, request: Request) -> Response:
    if not on_this_machine(request):
        allow(Call(actor=who(request), request_id=request.id, now=request.now), "meter.scrape")
    return Response(200, generate_latest(registry), _TYPE)


def guests(house: House, request: Request) -> Response:
    return Response(200, guest_lines(newest(house, request.call())), _TYPE)


def on_this_machine(request: Request) -> bool:
    """By the peer's address; what a proxy sends on is somebody else's."""
    if any(request.header(name) is not None for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client).is_loopback
    except ValueError:
        return request.client == ""  # a unix socket
