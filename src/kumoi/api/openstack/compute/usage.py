"""/os-simple-tenant-usage: hours of servers by project. Not paged: a project's usage comes whole (2.40 allows it)."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_views import WORDS
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.times import bare, seconds_of
from kumoi.app.house import House
from kumoi.app.instances.usage import Used, usage
from kumoi.core.errors import Invalid
from kumoi.core.ids import ProjectId


def routes(house: House) -> list[Route]:
    path = V + "/os-simple-tenant-usage"
    return [
        Route("GET", path, partial(find, house), "instance.all_projects", "compute"),
        Route("GET", path + "/{project}", partial(show, house), "instance.read", "compute"),
    ]


def find(house: House, request: Request) -> Response:
    start, end = _between(request)
    found = usage(house, request.call(), start, end)
    detailed = request.arg("detailed") == "1"
    shown = [_total(request, project, those, detailed=detailed) for project, those in sorted(found.items())]
    return json_response({"tenant_usages": shown})


def show(house: House, request: Request) -> Response:
    project = ProjectId(request.params["project"])
    start, end = _between(request)
    found = usage(house, request.call(), start, end, project).get(project, [])
    shown = _total(request, project, found, detailed=True) if found else {}
    return json_response({"tenant_usage": shown})


def _between(request: Request) -> tuple[float, float]:
    """Nothing said is now."""
    start, end = (seconds_of(name, text) if (text := request.arg(name)) else request.now for name in ("start", "end"))
    if start > end:
        raise Invalid("api", field="start", reason="pool_backwards", value=request.arg("start"))
    return start, end


def _total(request: Request, project: ProjectId, those: list[Used], *, detailed: bool) -> dict[str, Any]:
    start, end = _between(request)
    shown: dict[str, Any] = {
        "tenant_id": project,
        "start": bare(start),
        "stop": bare(end),
        "total_hours": sum(u.hours for u in those),
        "total_vcpus_usage": sum(u.hours * u.instance.vcpus for u in those),
        "total_memory_mb_usage": sum(u.hours * u.instance.memory_mib for u in those),
        "total_local_gb_usage": sum(u.hours * u.instance.disk_gib for u in those),
    }
    return shown | {"server_usages": [_one(request, used) for used in those]} if detailed else shown


def _one(request: Request, used: Used) -> dict[str, Any]:
    one = used.instance
    until = one.deleted_at if one.deleted_at is not None else request.now
    return {
        "instance_id": one.id,
        "name": one.name,
        "tenant_id": one.project_id,
        "flavor": one.flavor_name,
        "hours": used.hours,
        "vcpus": one.vcpus,
        "memory_mb": one.memory_mib,
        "local_gb": one.disk_gib,
        "started_at": bare(one.created_at),
        "ended_at": bare(one.deleted_at) if one.deleted_at is not None else None,
        "uptime": int(until - one.created_at),
        "state": "terminated" if one.deleted_at is not None else WORDS[one.status][1],
    }
