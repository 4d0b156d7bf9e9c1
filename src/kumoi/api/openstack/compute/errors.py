"""Nova's error bodies: one key that names the status, with code and message."""

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.text import say
from kumoi.core.errors import InUse, Invalid, KumoiError, NoAddress, QuotaExceeded, WrongState

_OWN: dict[type[KumoiError], int] = {QuotaExceeded: 403, NoAddress: 400}
_KEYS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    406: "notAcceptable",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


def render_error(request: Request, error: KumoiError) -> Response:
    status = status_of(error, _OWN)
    if isinstance(error, InUse | WrongState) and error.layer == "storage":
        status = 400  # so Nova says when it is Cinder that refuses
    if isinstance(error, Invalid) and error.facts.get("reason") == "version_range":
        status = 406
    key = _KEYS.get(status, "computeFault")
    return json_response({key: {"code": status, "message": say(error, request.locale)}}, status)
