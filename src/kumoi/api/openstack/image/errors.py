"""Glance's error bodies: HTML in the original; its clients read the message out of any of both, so we send JSON."""

from http import HTTPStatus

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.text import say
from kumoi.core.errors import KumoiError, QuotaExceeded

_OWN: dict[type[KumoiError], int] = {QuotaExceeded: 413}


def render_error(request: Request, error: KumoiError) -> Response:
    status = status_of(error, _OWN)
    body = {
        "message": say(error, request.locale),
        "code": f"{status} {HTTPStatus(status).phrase}",
        "title": HTTPStatus(status).phrase,
    }
    return json_response(body, status)
