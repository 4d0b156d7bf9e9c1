"""Placement's error bodies: a list of one."""

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.text import say
from kumoi.api.openstack.placement.versions import LEAST, MOST, at_least
from kumoi.core.errors import Invalid, KumoiError

_TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 409: "Conflict", 415: "Unsupported Media Type", 501: "Not Implemented",
    503: "Service Unavailable",
}  # fmt: skip


def render_error(request: Request, error: KumoiError) -> Response:
    status = status_of(error, {})
    told: dict[str, object] = {}
    if isinstance(error, Invalid) and error.facts.get("reason") == "version_range":
        status = 406
        told = {"max_version": f"{MOST[0]}.{MOST[1]}", "min_version": f"{LEAST[0]}.{LEAST[1]}"}
    told |= {
        "status": status,
        "title": _TITLES.get(status, "Internal Server Error"),
        "detail": say(error, request.locale),
        "request_id": request.id,
    }
    if at_least(request, 23):
        told["code"] = "placement.undefined_code"
    return json_response({"errors": [told]}, status)
