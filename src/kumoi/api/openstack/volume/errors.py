"""Cinder's error bodies: one key that names the status, with code and message."""

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.text import say
from kumoi.core.errors import InUse, Invalid, KumoiError, QuotaExceeded, Stale, WrongState

_OWN: dict[type[KumoiError], int] = {QuotaExceeded: 413, WrongState: 400, InUse: 400}
_KEYS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    501: "notImplemented",
    503: "serviceUnavailable",
}


def render_error(request: Request, error: KumoiError) -> Response:
    status = status_of(error, _OWN)
    if isinstance(error, Invalid) and error.facts.get("reason") == "version_range":
        status = 406
    if isinstance(error, Stale) and error.facts.get("reason") == "if_match":
        status = 412
    key = _KEYS.get(status, "computeFault")  # what Cinder, which was cut out of Nova, says still
    return json_response({key: {"code": status, "message": say(error, request.locale)}}, status)
