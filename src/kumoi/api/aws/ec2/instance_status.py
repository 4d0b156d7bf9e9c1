"""DescribeInstanceStatus: whether host and guest are well, as far as the cloud sees them."""

from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import paging
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import ground
from kumoi.api.aws.ec2.instances import look
from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.instances.read import InstanceView
from kumoi.core.hosts import state as host_state
from kumoi.core.instances import condition_of

PLACES: Final = {
    "availability-zone": "AvailabilityZone",
    "instance-state-code": "InstanceState.Code",
    "instance-state-name": "InstanceState.Name",
    "instance-status.reachability": "InstanceStatus.Details.Status",
    "instance-status.status": "InstanceStatus.Status",
    "system-status.reachability": "SystemStatus.Details.Status",
    "system-status.status": "SystemStatus.Status",
}
WORDS: Final = {"ok": "passed", "impaired": "failed", "initializing": "initializing"}


def actions(house: House) -> list[Action]:
    return [Action("DescribeInstanceStatus", partial(describe, house), "instance.read")]


def describe(house: House, request: Request, wish: Values) -> Values:
    """Running ones, unless all are asked for."""
    here = ground(house, request)
    matches = matching(wish, PLACES)
    chosen: Values = {k: wish[k] for k in ("InstanceIds", "MaxResults", "NextToken") if k in wish}
    if not wish.get("IncludeAllInstances"):
        chosen["Filters"] = [{"Name": "instance-state-name", "Values": ["running"]}]
    found, token = look(house, here, chosen)
    shown = [_render(view, values["State"], request.now) for view, values in found]
    return paging.with_token({"InstanceStatuses": [values for values in shown if matches(values)]}, token)


def _render(view: InstanceView, state: Values, now: float) -> Values:
    return {
        "InstanceId": f"i-{view.instance.ec2_key}",
        "AvailabilityZone": view.instance.zone,
        "Events": [],
        "InstanceState": state,
        "InstanceStatus": _status(_guest(view, state)),
        "SystemStatus": _status(_host(view, state, now)),
    }


def _guest(view: InstanceView, state: Values) -> str:
    if state["Name"] == "pending":
        return "initializing"
    if state["Name"] != "running":
        return "not-applicable"
    return "ok" if condition_of(view.instance, view.seen) is None else "impaired"


def _host(view: InstanceView, state: Values, now: float) -> str:
    if state["Name"] == "pending":
        return "initializing"
    if state["Name"] != "running":
        return "not-applicable"
    return "ok" if view.host is not None and host_state(view.host, now) == "up" else "impaired"


def _status(word: str) -> Values:
    details = [{"Name": "reachability", "Status": WORDS[word]}] if word in WORDS else []
    return {"Status": word, "Details": details}
