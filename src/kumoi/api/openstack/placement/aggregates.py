"""/resource_providers/{id}/aggregates: which providers belong together, by ids that clients choose; Nova's aggregates
are among them."""

from functools import partial
from typing import Annotated, Any, Final

from msgspec import Meta

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement import bodies
from kumoi.api.openstack.placement.answers import answer
from kumoi.api.openstack.placement.bodies import check_kind, check_unique, read
from kumoi.api.openstack.placement.versions import at_least
from kumoi.app.house import House
from kumoi.app.providers import change, words
from kumoi.core.policy import allow
from kumoi.core.providers import ResourceProvider

PATH: Final = "/resource_providers/{id}/aggregates"
Ids = list[Annotated[str, Meta(pattern=bodies.UUID)]]


def routes(house: House) -> list[Route]:
    since = (1, 1)
    return [
        Route("GET", PATH, partial(show, house), "provider.read", "placement", min_version=since),
        Route("PUT", PATH, partial(replace, house), "provider.update", "placement", min_version=since,
              body_type=bodies.Aggregates),
    ]  # fmt: skip


def show(house: House, request: Request) -> Response:
    return _answer(request, change.get(house, request.call(), request.params["id"]))


def replace(house: House, request: Request) -> Response:
    """Since 1.19 at a generation, which rises."""
    call, row_id = request.call(), request.params["id"]
    allow(call, "provider.update")
    check_kind(request)
    change.get(house, call, row_id)
    ids: list[str]
    revision: int | None = None
    if at_least(request, 19):
        body = read(request, bodies.Aggregates)
        ids, revision = body.aggregates, body.resource_provider_generation
    else:
        ids = read(request, Ids)
    check_unique(ids, "aggregates")
    return _answer(request, words.set_aggregates(house, call, row_id, ids, revision))


def _answer(request: Request, one: ResourceProvider) -> Response:
    shown: dict[str, Any] = {"aggregates": list(one.aggregates)}
    if at_least(request, 19):
        shown["resource_provider_generation"] = one.revision
    return answer(request, shown)
