"""Deleting many of a kind at once: the question, and what became of each. A list hands in its `Kind`; its words are
`delete.many` and `delete.many.text` of its page."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import Form, form_of
from kumoi.api.web.front import Front
from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, KumoiError

MOST: Final = 200
_TEMPLATE: Final = "bulk.html"


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """`page` of the words, at `/path`. `named` gives those of these ids that are there, with their names."""

    page: str
    path: str
    icon: str
    action: str
    named: Callable[[House, Call, tuple[str, ...]], Mapping[str, str]]
    delete: Callable[[House, Call, str], object]


class Result(NamedTuple):
    """`wrong` empty: it is gone."""

    name: str
    wrong: str


def routes(front: Front, kind: Kind) -> list[Route]:
    return [
        Route("GET", f"{kind.path}/delete", partial(ask, front, kind), kind.action, "web"),
        Route("POST", f"{kind.path}/delete", partial(delete, front, kind), kind.action, "web"),
    ]


def ask(front: Front, kind: Kind, request: Request) -> Response:
    named = kind.named(front.house, request.call(), Form(request.query).many("ids")[:MOST])
    title = front.say(request, f"{kind.page}.delete.many", n=len(named))
    text = front.say(request, f"{kind.page}.delete.many.text")
    return front.ask(request, kind.action, _TEMPLATE, "ask", kind=kind, named=named, title=title, text=text)


def delete(front: Front, kind: Kind, request: Request) -> Response:
    """Each by itself: what one refuses stops no other."""
    call, ids = request.call(), form_of(request).many("ids")[:MOST]
    named = kind.named(front.house, call, ids)
    results = [_done(front, kind, request, one, named.get(one, one)) for one in ids]
    return front.part(request, _TEMPLATE, "results", results=results)


def _done(front: Front, kind: Kind, request: Request, one: str, name: str) -> Result:
    try:
        kind.delete(front.house, request.call(), one)
    except KumoiError as e:
        if isinstance(e, Forbidden) and e.facts.get("action") == kind.action:
            raise  # it is the caller who may not, whatever is asked for
        return Result(name, front.refusal(request, e))
    return Result(name, "")
