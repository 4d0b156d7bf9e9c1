"""Keystone's error body."""

from http import HTTPStatus

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.text import say
from kumoi.core.errors import InUse, KumoiError, WrongState

_OWN: dict[type[KumoiError], int] = {WrongState: 403, InUse: 403}


def render_error(request: Request, error: KumoiError) -> Response:
    status = status_of(error, _OWN)
    headers = [("WWW-Authenticate", f'Keystone uri="{request.base_url}/identity"')] if status == 401 else []
    body = {"code": status, "message": say(error, request.locale), "title": HTTPStatus(status).phrase}
    return json_response({"error": body}, status, headers)
