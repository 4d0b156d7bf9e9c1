"""/os-security-groups and /os-security-group-rules until 2.35: Nova's elder words for the network's groups.

And, still, a server's groups: addSecurityGroup, removeSecurityGroup.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import accepted, waited
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.app.networks import nic_doors, reading, security_groups
from kumoi.app.networks.security_groups import GROUPS, GroupChange, GroupRuleWish, GroupView, GroupWish
from kumoi.core.errors import InUse, Invalid, NotFound, Taken
from kumoi.core.groups import RuleWish, SecurityRule
from kumoi.core.ids import GroupId, NicId, RuleId, is_uuid
from kumoi.core.query import Query, eq

LAST: Final = (2, 35)
ANY_PORT = -1


class _Group(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: str | None = ""


class GroupBody(msgspec.Struct):
    security_group: _Group


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    parent_group_id: str
    ip_protocol: str | None = None
    from_port: int | str | None = None
    to_port: int | str | None = None
    cidr: str | None = None
    group_id: str | None = None


class RuleBody(msgspec.Struct):
    security_group_rule: _Rule


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class AddBody(msgspec.Struct, forbid_unknown_fields=True):
    group: _Named = msgspec.field(name="addSecurityGroup")


class RemoveBody(msgspec.Struct, forbid_unknown_fields=True):
    group: _Named = msgspec.field(name="removeSecurityGroup")


def routes(house: House) -> list[Route]:
    groups, rules, action = V + "/os-security-groups", V + "/os-security-group-rules", V + "/servers/{id}/action"
    until = partial(Route, service="compute", max_version=LAST)
    return [
        until("GET", groups, partial(find, house), "security_group.read"),
        until("POST", groups, partial(create, house), "security_group.create", body_type=GroupBody),
        until("GET", groups + "/{id}", partial(show, house), "security_group.read"),
        until("PUT", groups + "/{id}", partial(update, house), "security_group.update", body_type=GroupBody),
        until("DELETE", groups + "/{id}", partial(delete, house), "security_group.delete", success=202),
        until("POST", rules, partial(create_rule, house), "security_group.create", body_type=RuleBody),
        until("DELETE", rules + "/{id}", partial(delete_rule, house), "security_group.delete", success=202),
        Route("POST", action, waited(partial(add, house)), "nic.update", "compute", body_key="addSecurityGroup",
              body_type=AddBody, wait=True, success=202),
        Route("POST", action, waited(partial(remove, house)), "nic.update", "compute", body_key="removeSecurityGroup",
              body_type=RemoveBody, wait=True, success=202),
    ]  # fmt: skip


def _conflict_is_invalid(handler: Callable[[House, Request], Response]) -> Callable[[House, Request], Response]:
    """Nova answers 400 where the network's own service says 409."""

    @wraps(handler)
    def answer(house: House, request: Request) -> Response:
        try:
            return handler(house, request)
        except InUse as e:
            raise Invalid("network", field="security_group", reason="in_use", **e.facts) from e
        except Taken as e:
            raise Invalid("network", field="security_group", reason="taken", **e.facts) from e

    return answer


def find(house: House, request: Request) -> Response:
    found = security_groups.find_groups(house, request.call(), _own(request))
    return json_response({"security_groups": [render(house, request, v) for v in found]})


def show(house: House, request: Request) -> Response:
    view = reading.show(house, request.call(), GROUPS, _id(request))
    return json_response({"security_group": render(house, request, view)})


def create(house: House, request: Request) -> Response:
    new = _checked(request.json(GroupBody).security_group)
    wish = GroupWish(name=new.name, description=new.description or "")
    made = security_groups.create_groups(house, request.call(), (wish,))[0]
    return json_response({"security_group": render(house, request, made)})


@_conflict_is_invalid
def update(house: House, request: Request) -> Response:
    new = _checked(request.json(GroupBody).security_group)
    change = GroupChange(name=new.name, description=new.description or "")
    done = security_groups.update_group(house, request.call(), GroupId(_id(request)), change)
    return json_response({"security_group": render(house, request, done)})


@_conflict_is_invalid
def delete(house: House, request: Request) -> Response:
    security_groups.delete_group(house, request.call(), GroupId(_id(request)))
    return accepted()


@_conflict_is_invalid
def create_rule(house: House, request: Request) -> Response:
    new = request.json(RuleBody).security_group_rule
    if not is_uuid(new.parent_group_id):
        raise Invalid("api", field="parent_group_id", reason="not_a_uuid", value=new.parent_group_id)
    remote = GroupId(new.group_id) if new.group_id else None
    if (new.ip_protocol or "").lower() not in {"tcp", "udp", "icmp"}:
        raise Invalid("api", field="ip_protocol", reason="no_such_protocol", value=str(new.ip_protocol))
    rule = RuleWish(
        direction="ingress",
        protocol=(new.ip_protocol or "").lower(),
        port_min=_port("from_port", new.from_port),
        port_max=_port("to_port", new.to_port),
        remote_cidr=None if remote else new.cidr or "0.0.0.0/0",
        remote_group_id=remote,
    )
    wish = GroupRuleWish(group_id=GroupId(new.parent_group_id), rule=rule)
    made = security_groups.create_rules(house, request.call(), (wish,))[0].rule
    return json_response({"security_group_rule": _render_rule(house, request, made)})


def delete_rule(house: House, request: Request) -> Response:
    security_groups.delete_rules(house, request.call(), (RuleId(_id(request)),))
    return accepted()


def add(house: House, request: Request) -> Response:
    group = _named(house, request, request.json(AddBody).group.name)
    for nic in read.get(house, request.call(), server_id(request)).nics:
        if group not in nic.group_ids:
            _put(house, request, nic.id, (*nic.group_ids, group))
    return accepted()


def remove(house: House, request: Request) -> Response:
    name = request.json(RemoveBody).group.name
    group, had = _named(house, request, name), False
    for nic in read.get(house, request.call(), server_id(request)).nics:
        if group in nic.group_ids:
            had = True
            _put(house, request, nic.id, tuple(g for g in nic.group_ids if g != group))
    if not had:
        raise NotFound("network", kind="security_group", id=name)
    return accepted()


def _put(house: House, request: Request, nic_id: NicId, groups: tuple[GroupId, ...]) -> None:
    nic_doors.update_nic(house, request.call(), nic_id, nic_doors.NicChange(group_ids=groups))


def _named(house: House, request: Request, name: str) -> GroupId:
    """By id or by a name that only one of the project's groups has."""
    found = security_groups.find_groups(house, request.call(), _own(request))
    same = [v.group.id for v in found if name in {v.group.id, v.group.name}]
    if not same:
        raise NotFound("network", kind="security_group", id=name)
    if len(same) > 1:
        raise Invalid("api", field="name", reason="several_groups", value=name)
    return same[0]


def _own(request: Request) -> Query:
    call = request.call()
    everyone = call.actor.is_admin and request.arg("all_tenants") in {"1", "true", "True"}
    return Query() if everyone else Query(filters=(eq("project_id", call.project_id),))


def _id(request: Request) -> str:
    return request.params["id"]


def _checked(group: _Group) -> _Group:
    if not 1 <= len(group.name.strip()) <= 255:
        raise Invalid("api", field="security_group.name", reason="length", bound="from 1 to 255")
    return group


def _port(field: str, given: int | str | None) -> int | None:
    """-1 is any."""
    text = str(given if given is not None else ANY_PORT)
    if not text.removeprefix("-").isdigit():
        raise Invalid("api", field=field, reason="port_value", value=text)
    return None if int(text) == ANY_PORT else int(text)


def render(house: House, request: Request, view: GroupView) -> dict[str, Any]:
    """Nova knows rules that let in, and no others."""
    one = view.group
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "tenant_id": one.project_id,
        "rules": [_render_rule(house, request, r) for r in view.rules if _known_to_nova(r)],
    }


def _known_to_nova(rule: SecurityRule) -> bool:
    """Nova had no word for what goes out, nor for address groups."""
    return rule.direction == "ingress" and rule.remote_address_group_id is None


def _render_rule(house: House, request: Request, rule: SecurityRule) -> dict[str, Any]:
    group: dict[str, Any] = {}
    if rule.remote_group_id is not None:
        remote = reading.show(house, request.call(), GROUPS, rule.remote_group_id).group
        group = {"tenant_id": remote.project_id, "name": remote.name}
    anywhere = "::/0" if rule.ether_type == "IPv6" else "0.0.0.0/0"
    portless = rule.protocol is not None and rule.port_min is None
    return {
        "id": rule.id,
        "parent_group_id": rule.group_id,
        "ip_protocol": rule.protocol,
        "from_port": ANY_PORT if portless else rule.port_min,
        "to_port": ANY_PORT if portless else rule.port_max,
        "group": group,
        "ip_range": {} if group else {"cidr": rule.remote_text or rule.remote_cidr or anywhere},
    }
