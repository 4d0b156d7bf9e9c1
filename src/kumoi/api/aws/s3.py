"""S3's port while there is no S3: every request is told so in S3's own words, which its clients do not try again.

The port is held from the start, so that the tongue, once built, moves no other. What does not belong here: objects.
"""

from typing import Final, NoReturn, get_args

from kumoi.api.aws.rendering import HEAD, escape
from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Method, Route, Tongue
from kumoi.api.edge.text import say
from kumoi.core.errors import Unauthenticated

_SAYS: Final = "This cloud has no object storage."


def tongue() -> Tongue:
    """The whole of its own listener."""
    return Tongue(
        name="s3",
        prefix="/",
        # Streamed: an upload is refused before its body is read.
        routes=[
            Route(method, path, _unbuilt, anonymous=True, wait=True, streamed=True)
            for method in get_args(Method)
            for path in ("/", "/{path*}")
        ],
        authenticate=_nobody,
        render_error=lambda request, error: _document(request, "InternalError", say(error), status_of(error)),
    )


async def _unbuilt(request: Request) -> Response:
    return _document(request, "NotImplemented", _SAYS, 501)


def _document(request: Request, code: str, message: str, status: int) -> Response:
    facts = {"Code": code, "Message": message, "RequestId": request.id}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in facts.items())
    return Response(status, f"{HEAD}<Error>{inner}</Error>".encode(), "application/xml")


def _nobody(_request: Request) -> NoReturn:
    raise Unauthenticated(reason="no_credentials")
