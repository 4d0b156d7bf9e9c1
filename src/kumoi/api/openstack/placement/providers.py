"""/resource_providers: hosts and what clients made, in trees; what is held of each, and by whom."""

from functools import partial
from typing import Any, Final

from msgspec import UNSET

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement import bodies
from kumoi.api.openstack.placement.answers import answer, done, located
from kumoi.api.openstack.placement.asking import check_known, group
from kumoi.api.openstack.placement.bodies import check_kind, dashed, read
from kumoi.api.openstack.placement.versions import at_least
from kumoi.app.house import House
from kumoi.app.providers import candidates, change, holding
from kumoi.core.errors import Invalid
from kumoi.core.policy import allow
from kumoi.core.providers import ResourceProvider

PATH: Final = "/resource_providers"
READ: Final = "provider.read"
# A query's name, and the version that brought it.
_ASKED: Final = {"name": 0, "uuid": 0, "member_of": 3, "resources": 4, "in_tree": 14, "required": 18}


def routes(house: House) -> list[Route]:
    one = PATH + "/{id}"
    return [
        Route("GET", PATH, partial(find, house), READ, "placement"),
        Route("POST", PATH, partial(create, house), "provider.create", "placement", body_type=bodies.NewProviderInTree),
        Route("GET", one, partial(show, house), READ, "placement"),
        Route("PUT", one, partial(update, house), "provider.update", "placement", body_type=bodies.ProviderInTree),
        Route("DELETE", one, partial(delete, house), "provider.delete", "placement", success=204),
        Route("GET", one + "/usages", partial(usages, house), READ, "placement"),
        Route("GET", one + "/allocations", partial(allocations, house), READ, "placement"),
    ]


def find(house: House, request: Request) -> Response:
    allow(request.call(), READ)
    check_known(request, _ASKED)
    for key in ("uuid", "in_tree"):
        if (value := request.arg(key)) is not None and dashed(value) is None:
            raise Invalid("api", field=key, reason="query_uuid", value=value[:64])
    name, row_id = request.arg("name"), request.arg("uuid")
    found = [
        one
        for one in candidates.matching(house, request.call(), group(request))
        if name in {None, one.name} and row_id in {None, one.id}
    ]
    modified = max((one.updated_at for one in found), default=None)
    return answer(request, {"resource_providers": [_shown(request, one) for one in found]}, modified=modified)


def create(house: House, request: Request) -> Response:
    """Since 1.20 it is told."""
    allow(request.call(), "provider.create")
    nested = at_least(request, 14)
    body = read(request, bodies.NewProviderInTree if nested else bodies.NewProvider)
    row_id = dashed(body.uuid) if body.uuid else None
    parent_id = body.parent_provider_uuid if nested else None
    one = change.create(house, request.call(), body.name, row_id, parent_id)
    headers = located(request, f"{PATH}/{one.id}")
    if not at_least(request, 20):
        return done(request, 201, headers)
    return answer(request, _shown(request, one), modified=one.updated_at, headers=headers)


def show(house: House, request: Request) -> Response:
    one = change.get(house, request.call(), request.params["id"])
    return answer(request, _shown(request, one), modified=one.updated_at)


def update(house: House, request: Request) -> Response:
    """To another parent, or to none, since 1.37; before, only one that had none gets one."""
    call, row_id = request.call(), request.params["id"]
    allow(call, "provider.update")
    check_kind(request)
    before = change.get(house, call, row_id)
    nested = at_least(request, 14)
    body = read(request, bodies.ProviderInTree if nested else bodies.ProviderBody)
    parent_id = body.parent_provider_uuid if nested else UNSET
    if parent_id is UNSET:
        parent_id = before.parent_id
    one = change.update(house, call, row_id, body.name, parent_id=parent_id, may_move=at_least(request, 37))
    return answer(request, _shown(request, one), modified=one.updated_at)


def delete(house: House, request: Request) -> Response:
    change.delete(house, request.call(), request.params["id"])
    return done(request)


def usages(house: House, request: Request) -> Response:
    one, used = change.used(house, request.call(), request.params["id"])
    return answer(request, {"resource_provider_generation": one.revision, "usages": used})


def allocations(house: House, request: Request) -> Response:
    one, held = change.held(house, request.call(), request.params["id"])
    shown: dict[str, dict[str, Any]] = {consumer: {"resources": amounts} for consumer, amounts in held.items()}
    if at_least(request, 28):
        for consumer, revision in holding.revisions(house, request.call(), list(held)).items():
            shown[consumer]["consumer_generation"] = revision
    return answer(request, {"resource_provider_generation": one.revision, "allocations": shown})


def _shown(request: Request, one: ResourceProvider) -> dict[str, Any]:
    url = f"/placement{PATH}/{one.id}"
    newer = (("aggregates", 1), ("traits", 6), ("allocations", 11))
    links = ["inventories", "usages", *(name for name, minor in newer if at_least(request, minor))]
    shown: dict[str, Any] = {
        "uuid": one.id,
        "name": one.name,
        "generation": one.revision,
        "links": [{"rel": "self", "href": url}, *({"rel": rel, "href": f"{url}/{rel}"} for rel in links)],
    }
    if at_least(request, 14):
        shown |= {"parent_provider_uuid": one.parent_id, "root_provider_uuid": one.root_id}
    return shown
