"""GET /net/explain: what becomes of a packet, hop by hop, in the caller's language; /net/metering: what was counted."""

import asyncio
from functools import partial
from typing import Any, Final, Literal

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say_step
from kumoi.api.operator.numbers import whole
from kumoi.app.house import House
from kumoi.app.networks import explain, metering
from kumoi.app.networks.explain import ANSWER_WITHIN_S, Parcel
from kumoi.app.networks.metering import RouterCount
from kumoi.core.call import Locale
from kumoi.core.errors import Invalid, Unavailable
from kumoi.core.group_rules import protocol_number, protocol_of
from kumoi.core.ids import MeteringLabelId
from kumoi.planning.explain.case import Hop, Stop, Walk

_TCP: Final = "tcp"


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/net/explain", partial(show, house), "network.explain", "operator", wait=True),
        Route("GET", "/net/metering/{id}", partial(counted, house), "metering.read", "operator", wait=True),
    ]


async def show(house: House, request: Request) -> Response:
    """`from`, `to`: a server, a port, an address, or `outside`; `protocol` (tcp), `port`, `version` (4 or 6)."""
    question = await request.run_in("read", partial(explain.ask_why, house, request.call(), _parcel(request)))
    told = None
    if question.answer is not None:
        try:
            told = await asyncio.wait_for(asyncio.wrap_future(question.answer), ANSWER_WITHIN_S)
        except TimeoutError as e:
            raise Unavailable("host", what="agent", retry_after_s=5) from e
    return json_response({"walk": render(explain.explained(question, told), request.locale)})


async def counted(house: House, request: Request) -> Response:
    """What a metering label's routers have counted since they stand where they stand."""
    label_id = MeteringLabelId(request.params["id"])
    asked = await request.run_in("read", partial(metering.ask_counts, house, request.call(), label_id))
    answers = [asyncio.wrap_future(answer) for answer in asked.values() if answer is not None]
    if answers:
        await asyncio.wait(answers, timeout=ANSWER_WITHIN_S)
    shown = []
    for vpcs, answer in asked.items():
        told = answer.result() if answer is not None and answer.done() and not answer.cancelled() else None
        shown += [_counted(one) for one in metering.counted(label_id, vpcs, told)]
    return json_response({"routers": shown})


def _counted(one: RouterCount) -> dict[str, Any]:
    count = one.count
    known = {"packets": count.packets, "bytes": count.bytes} if count is not None else None
    return {"id": one.vpc.id, "name": one.vpc.name, "project_id": one.vpc.project_id, "counted": known}


def _parcel(request: Request) -> Parcel:
    protocol = protocol_number(protocol_of(request.arg("protocol") or _TCP))
    if protocol is None:
        raise Invalid("api", field="protocol", reason="missing")
    version: Literal[4, 6] = 6 if whole(request, "version") == 6 else 4
    port = whole(request, "port", most=65535) or 0
    ends = request.arg("from") or "", request.arg("to") or ""
    return Parcel(sender=ends[0], receiver=ends[1], protocol=protocol, port=port, version=version)


def render(walk: Walk, locale: Locale) -> dict[str, Any]:
    return {
        "arrives": walk.stop is None,
        "hops": [_hop(hop, locale) for hop in walk.hops],
        "stop": _stop(walk.stop, locale) if walk.stop is not None else None,
        "on_the_way_back": walk.back,
    }


def _hop(hop: Hop, locale: Locale) -> dict[str, Any]:
    return {"code": hop.code, "where": hop.where, "facts": hop.facts, "says": say_step(hop.code, hop.facts, locale)}


def _stop(stop: Stop, locale: Locale) -> dict[str, Any]:
    return {"code": stop.code, "facts": stop.facts, "says": say_step(stop.code, stop.facts, locale)}
