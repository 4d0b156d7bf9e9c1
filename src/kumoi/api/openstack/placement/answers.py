"""Answers of Placement: they are not to be kept, since 1.15."""

from email.utils import formatdate
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.openstack.placement.versions import at_least
from kumoi.core.errors import Invalid

Headers = tuple[tuple[str, str], ...]


def answer(
    request: Request, value: Any, status: int = 200, modified: float | None = None, headers: Headers = ()
) -> Response:
    """`modified`: when what is told changed last; else now."""
    check_accept(request)
    return json_response(value, status, (*headers, *_fresh(request, modified)))


def done(request: Request, status: int = 204, headers: Headers = (), *, fresh: bool = False) -> Response:
    return no_content(status, (*headers, *_fresh(request, None)) if fresh else headers)


def located(request: Request, path: str) -> Headers:
    """Where what was made is found."""
    return (("Location", f"{request.base_url}/placement{path}"),)


def check_accept(request: Request) -> None:
    """Who wants anything but JSON is refused. Raises Invalid."""
    wanted = request.header("accept")
    if wanted and not any(_is_json(part) for part in wanted.split(",")):
        raise Invalid("api", field="Accept", reason="not_acceptable")


def _is_json(part: str) -> bool:
    kind, *params = (piece.strip() for piece in part.split(";"))
    return kind in {"*/*", "application/*", "application/json"} and "q=0" not in params


def _fresh(request: Request, modified: float | None) -> Headers:
    if not at_least(request, 15):
        return ()
    at = formatdate(modified or request.now, usegmt=True)
    return (("Cache-Control", "no-cache"), ("Last-Modified", at))
