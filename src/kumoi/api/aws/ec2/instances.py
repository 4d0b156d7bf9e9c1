"""Instances: describe, start, stop, reboot, terminate, their status, attributes and console."""

import asyncio
import base64
from collections.abc import Callable
from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import paging
from kumoi.api.aws.ec2.filters import matching, plain_values
from kumoi.api.aws.ec2.ground import Ground, ground
from kumoi.api.aws.ec2.ids import digits, not_found
from kumoi.api.aws.ec2.instance_views import PLACES, TIMES, render, reservations
from kumoi.api.aws.ec2.states import WORDS, brief, state
from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.instances import delete, power, read
from kumoi.app.instances.console_log import ANSWER_WITHIN_S, ask_console
from kumoi.app.instances.read import InstanceView
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unavailable, Unsupported, WrongState
from kumoi.core.ids import InstanceId, ec2_id
from kumoi.core.instances import Instance
from kumoi.core.query import Filter, LabelFilter, Order, Query, is_in
from kumoi.core.tags import NAMESPACE

CONSOLE_BYTES: Final = 65536
# Filters that the store can answer by itself: EC2's name and the field
FIELDS: Final[dict[str, str]] = {
    "reservation-id": "reservation_id",
    "key-name": "keypair_name",
    "instance-type": "flavor_name",
}


def actions(house: House) -> list[Action]:
    return [
        Action("DescribeInstances", partial(describe, house), "instance.read"),
        Action("StartInstances", partial(start, house), "instance.power"),
        Action("StopInstances", partial(stop, house), "instance.power"),
        Action("RebootInstances", partial(reboot, house), "instance.power"),
        Action("TerminateInstances", partial(terminate, house), "instance.delete"),
        Action("GetConsoleOutput", partial(console, house), "instance.console", waits=True),
    ]


def describe(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    shown, token = look(house, here, wish)
    return paging.with_token({"Reservations": reservations(here, shown)}, token)


def look(house: House, here: Ground, wish: Values) -> tuple[list[tuple[InstanceView, Values]], str | None]:
    """The instances that a request's ids, filters and page choose, each with how it is shown; the next page's token."""
    if wish.get("InstanceIds") and "MaxResults" in wish:
        raise Invalid("api", field="MaxResults", reason="combination", value="InstanceId")
    matches = matching(wish, PLACES, TIMES)
    query = _query(wish)
    rows(house, here.call, wish.get("InstanceIds", []))
    since = here.call.now - house.rules.terminated_shown_s

    def page(marker: str | None, limit: int) -> list[tuple[InstanceView, Values]]:
        asked = Query(filters=query.filters, labels=query.labels, order=query.order, marker=marker, limit=limit)
        views = read.find_views(house, here.call, asked, deleted=True)
        return [(view, render(here, view)) for view in views]

    def keep(one: tuple[InstanceView, Values]) -> bool:
        view, values = one
        gone = view.instance.deleted_at
        about = {"ReservationId": view.instance.reservation_id, "OwnerId": here.account}
        return (gone is None or gone >= since) and matches(values | about)

    found, token = paging.gather(wish, page, lambda one: one[0].instance.id, keep)
    return found, token


def rows(house: House, call: Call, texts: list[str]) -> list[Instance]:
    """The instances of these ids in their order, terminated ones that are still shown too. Raises NotFound, Invalid."""
    keys = tuple(digits("instance", text) for text in texts)
    if not keys:
        return []
    found = read.find(house, call, Query(filters=(is_in("ec2_key", keys),)), deleted=True)
    since = call.now - house.rules.terminated_shown_s
    by_key = {i.ec2_key: i for i in found if i.deleted_at is None or i.deleted_at >= since}
    for key, text in zip(keys, texts, strict=True):
        if key not in by_key:
            raise not_found("instance", text)
    return [by_key[key] for key in dict.fromkeys(keys)]


def living(house: House, call: Call, texts: list[str], action: str) -> list[Instance]:
    """The same, for something that a terminated one cannot do: WrongState then."""
    found = rows(house, call, texts)
    for one in found:
        if one.deleted_at is not None:
            raise WrongState("compute", kind="instance", id=spell(one), status="terminated", action=action)
    return found


def living_id(house: House, call: Call, text: str, action: str) -> InstanceId:
    return living(house, call, [text], action)[0].id


def spell(one: Instance) -> str:
    return ec2_id("i", one.id)


def start(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    found = living(house, call, wish["InstanceIds"], "start")
    return {"StartingInstances": _changes(found, lambda one: power.start(house, call, one, strict=False))}


def stop(house: House, request: Request, wish: Values) -> Values:
    """A guest that does not go by itself has its power cut anyway, so `Force` changes nothing."""
    if wish.get("Hibernate"):
        raise Unsupported("compute", what="Hibernate")
    call = request.call()
    found = living(house, call, wish["InstanceIds"], "stop")
    return {"StoppingInstances": _changes(found, lambda one: power.stop(house, call, one, strict=False))}


def reboot(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    for one in living(house, call, wish["InstanceIds"], "reboot"):
        power.reboot(house, call, one.id, hard=False)
    return {}


def terminate(house: House, request: Request, wish: Values) -> Values:
    """Twice is no error while it is still shown."""
    call = request.call()
    found = rows(house, call, wish["InstanceIds"])
    for one in found:
        delete.delete(house, call, one.id, strict=False)
    before = {one.id: brief(one) for one in found}
    views = read.find_views(house, call, Query(filters=(is_in("id", tuple(before)),)), deleted=True)
    now = {view.instance.id: state(view) for view in views}
    gone = {one.id: one.deleted_at is not None for one in found}
    return {
        "TerminatingInstances": [
            _change(one, now[one.id] if gone[one.id] else before[one.id], now[one.id]) for one in found
        ]
    }


async def console(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    one: InstanceId = await request.run_in("read", partial(living_id, house, call, wish["InstanceId"], "console"))
    answer = await request.run_in("read", partial(ask_console, house, call, one, CONSOLE_BYTES))
    try:
        data = await asyncio.wait_for(asyncio.wrap_future(answer), ANSWER_WITHIN_S)
    except TimeoutError as e:
        raise Unavailable("host", what="agent", retry_after_s=5) from e
    return {
        "InstanceId": ec2_id("i", one),
        "Timestamp": call.now,
        "Output": base64.b64encode(data).decode(),
    }


def _changes(found: list[Instance], act: Callable[[InstanceId], Instance]) -> list[Values]:
    return [_change(one, brief(one), brief(act(one.id))) for one in found]


def _change(one: Instance, before: Values, now: Values) -> Values:
    return {"InstanceId": spell(one), "PreviousState": before, "CurrentState": now}


def _query(wish: Values) -> Query:
    """As much of the request as the store can answer by an index; the rest is matched on what is shown."""
    filters: list[Filter] = []
    labels: list[LabelFilter] = []
    if texts := wish.get("InstanceIds"):
        filters.append(is_in("ec2_key", tuple(digits("instance", text) for text in texts)))
    for name, field in FIELDS.items():
        if (values := plain_values(wish, name)) is not None:
            filters.append(is_in(field, values))
    states = plain_values(wish, "instance-state-name")
    if states is not None:
        wanted = {*states, *(("shutting-down",) if "terminated" in states else ())}
        filters.append(is_in("status", tuple(status for status, word in WORDS.items() if word in wanted)))
    for asked in wish.get("Filters", ()):
        name = asked.get("Name", "")
        values = plain_values(wish, name) or ()
        if name.startswith("tag:") and len(values) == 1:
            labels.append(LabelFilter(NAMESPACE, name.removeprefix("tag:"), values[0]))
    return Query(filters=tuple(filters), labels=tuple(labels), order=(Order("created_at"), Order("launch_index")))
