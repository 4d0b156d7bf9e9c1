"""The picture of a project's networks, routers and instances, and the same as a list."""

import unicodedata
from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web import topology_layout
from kumoi.api.web.formats import plain
from kumoi.api.web.front import Front
from kumoi.api.web.words import topology as words
from kumoi.app.networks.topology import topology
from kumoi.app.quotas import quota
from kumoi.core.instances import Status

PATH: Final = "/topology"
INSTANCES_DRAWN: Final = 200
WORDS: Final = words.WORDS
TONES: Final[dict[Status, str]] = {"active": "good", "error": "bad", "building": "busy"}


def routes(front: Front) -> list[Route]:
    return [Route("GET", PATH, partial(show, front), "network.read", "web")]


def show(front: Front, request: Request) -> Response:
    call = request.call()
    drawing = topology_layout.draw(topology(front.house, call, INSTANCES_DRAWN))
    counter = quota(front.house, call, call.project_id)["networks"]
    sizes = {name: getattr(topology_layout, name) for name in ("CHIP_W", "CHIP_H", "ROUTER_W", "ROUTER_H", "HEAD_H")}
    return front.page(request, "topology.html", drawing=drawing, counter=counter, tones=TONES, clip=clip, size_of=sizes)


def clip(text: str, cells: int) -> str:
    """As much of a text as fits so many columns, in which wide characters take two; it stays one line."""
    text = plain(text)
    used = 0
    for place, letter in enumerate(text):
        used += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used > cells:
            return text[: max(place - 1, 1)] + "…"
    return text
