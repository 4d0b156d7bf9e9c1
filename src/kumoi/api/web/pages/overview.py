"""The first page: what the project uses and has, what is wrong in it, and the first steps in an empty one."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.front import Front
from kumoi.api.web.words import Table
from kumoi.app.quotas import quota

WORDS: Final[Table] = {
    "title": ("Overview", "概要"),
}


def routes(front: Front) -> list[Route]:
    return [Route("GET", "/", partial(show, front), "quota.read", "web")]


def show(front: Front, request: Request) -> Response:
    call = request.call()
    counters = quota(front.house, call, call.project_id)
    return front.page(request, "overview.html", counters=counters)
