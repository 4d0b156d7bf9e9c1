"""/usages: what a project's consumers hold, together."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement import bodies
from kumoi.api.openstack.placement.answers import answer
from kumoi.api.openstack.placement.asking import check_known
from kumoi.api.openstack.placement.versions import at_least
from kumoi.app.house import House
from kumoi.app.providers import usage
from kumoi.core.errors import Invalid
from kumoi.core.ids import ProjectId
from kumoi.core.policy import allow

ALL: Final = "all"
UNKNOWN: Final = "unknown"  # what consumers are whose kind was never told


def routes(house: House) -> list[Route]:
    return [Route("GET", "/usages", partial(show, house), "quota.read", "placement", min_version=(1, 9))]


def show(house: House, request: Request) -> Response:
    """Since 1.38 by kind of consumer."""
    allow(request.call(), "quota.read")
    check_known(request, {"project_id": 0, "user_id": 0, "consumer_type": 38})
    for key in ("project_id", "user_id"):
        value = request.arg(key)
        if value is not None and not 1 <= len(value) <= bodies.LONGEST:
            keyword = "maxLength" if value else "minLength"
            raise Invalid("api", field=key, reason="query_length", value=value[:300], keyword=keyword)
    project = request.arg("project_id")
    if project is None:
        raise Invalid("api", field="project_id", reason="query_missing")
    found = usage.of_project(house, request.call(), ProjectId(project), request.arg("user_id"))
    if not at_least(request, 38):
        return answer(request, {"usages": _sum(found.values())})
    wanted = request.arg("consumer_type")
    if wanted == ALL:
        counted = sum(one.consumers for one in found.values())
        return answer(request, {"usages": {ALL: {"consumer_count": counted, **_sum(found.values())}} if found else {}})
    told = {
        kind or UNKNOWN: {"consumer_count": one.consumers, **one.amounts}
        for kind, one in found.items()
        if wanted in {None, kind or UNKNOWN}
    }
    return answer(request, {"usages": told})


def _sum(usages: Any) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in usages:
        for name, amount in one.amounts.items():
            sums[name] = sums.get(name, 0) + amount
    return sums
