"""/allocations/{consumer}: what an instance holds of its host; /usages: what a project's instances hold."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement.versions import at_least
from kumoi.api.openstack.placement.words import answer, by_class
from kumoi.app.hosts import providers
from kumoi.app.house import House
from kumoi.core.errors import Invalid
from kumoi.core.ids import ProjectId
from kumoi.core.policy import allow

TYPE = "INSTANCE"


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/allocations/{id}", partial(show, house), "host.providers", "placement"),
        Route("GET", "/usages", partial(usages, house), "quota.read", "placement", min_version=(1, 9)),
    ]


def show(house: House, request: Request) -> Response:
    """Nothing, not 404, for who holds nothing."""
    found = providers.holding(house, request.call(), request.params["id"])
    if found is None:
        return answer(request, {"allocations": {}})
    generations = {one.host.id: one.host.generation for one in providers.find(house, request.call())}
    shown: dict[str, Any] = {
        "allocations": {
            host: {"resources": by_class(held), "generation": generations.get(host, 0)}
            for host, held in found.of_hosts.items()
        }
    }
    if at_least(request, 12):
        shown |= {"project_id": found.project_id, "user_id": found.user_id}
    if at_least(request, 28):
        shown["consumer_generation"] = found.generation
    if at_least(request, 38):
        shown["consumer_type"] = TYPE
    return answer(request, shown)


def usages(house: House, request: Request) -> Response:
    allow(request.call(), "quota.read")
    project = request.arg("project_id")
    if not project:
        raise Invalid("api", field="project_id", reason="missing")
    held, count = providers.usage(house, request.call(), ProjectId(project), request.arg("user_id"))
    told: dict[str, Any] = dict(by_class(held))
    if at_least(request, 38):
        kind = request.arg("consumer_type")
        shown = count and kind in {None, TYPE, "all"}
        told = {("all" if kind == "all" else TYPE): told | {"consumer_count": count}} if shown else {}
    return answer(request, {"usages": told})
