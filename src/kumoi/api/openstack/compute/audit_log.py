"""/os-instance_usage_audit_log: which hosts have told of their usage in the last whole month.

Nova's hosts do so where they are set up to (by default they are not). Here none does: usage is counted when it is
asked for, `/os-simple-tenant-usage`.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.app.hosts import read
from kumoi.app.house import House
from kumoi.core.errors import Invalid


def routes(house: House) -> list[Route]:
    path = V + "/os-instance_usage_audit_log"
    return [
        Route("GET", path, partial(newest, house), "host.read", "compute"),
        Route("GET", path + "/{before}", partial(before, house), "host.read", "compute"),
    ]


def newest(house: House, request: Request) -> Response:
    return json_response({"instance_usage_audit_logs": _log(house, request, request.now)})


def before(house: House, request: Request) -> Response:
    return json_response({"instance_usage_audit_log": _log(house, request, None)})


def _log(house: House, request: Request, at: float | None) -> dict[str, Any]:
    names = [h.name for h in read.find(house, request.call())]
    until = datetime.fromtimestamp(at, UTC) if at is not None else _time(request.params["before"])
    end = until.replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    begin = (end - timedelta(days=1)).replace(day=1)
    return {
        "period_beginning": str(begin),
        "period_ending": str(end),
        "num_hosts": len(names),
        "num_hosts_done": 0,
        "num_hosts_running": 0,
        "num_hosts_not_run": len(names),
        "hosts_not_run": names,
        "total_instances": 0,
        "total_errors": 0,
        "overall_status": f"0 of {len(names)} hosts done. 0 errors.",
        "log": {},
    }


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as e:
        raise Invalid("api", field="before", reason="format") from e
