"""What the edge says in its own name: /healthz, and refusals outside all tongues."""

from collections.abc import Callable, Sequence
from typing import NoReturn

from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.edge.text import say
from kumoi.core.errors import KumoiError, Unauthenticated


def render_plain(request: Request, error: KumoiError) -> Response:
    """`{"error": {"code", "layer", "message", "facts", "request_id"}}`: a shape for callers of no dialect."""
    document = {
        "code": error.code,
        "layer": error.layer,
        "message": say(error, request.locale),
        "facts": error.facts,
        "request_id": request.id,
    }
    return json_response({"error": document}, status_of(error))


def builtin_tongues(health: Callable[[], Sequence[str]]) -> list[Tongue]:
    """`health` gives what is wrong as codes; nothing is well (200), anything is not (503)."""

    def healthz(_request: Request) -> Response:
        wrong = list(health())
        return json_response({"ok": not wrong, "wrong": wrong}, 503 if wrong else 200)

    return [_alone("/healthz", Route("GET", "/", healthz, anonymous=True))]


def _alone(prefix: str, route: Route) -> Tongue:
    return Tongue(
        name="edge",
        prefix=prefix,
        routes=[route],
        authenticate=_nobody,
        render_error=render_plain,
    )


def _nobody(_request: Request) -> NoReturn:
    raise Unauthenticated(reason="no_credentials")
