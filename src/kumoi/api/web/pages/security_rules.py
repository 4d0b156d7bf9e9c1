"""The rules of a security group: shown in people's words, added by presets, removed."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.refusals import at_fields
from kumoi.app.networks import reading
from kumoi.app.networks import security_groups as doors
from kumoi.app.networks.address_groups import ADDRESS_GROUPS
from kumoi.app.networks.security_groups import GROUPS, RULES, GroupRuleWish, GroupView
from kumoi.core.errors import KumoiError
from kumoi.core.groups import Direction, EtherType, RuleWish, SecurityRule
from kumoi.core.ids import GroupId, RuleId
from kumoi.core.query import Order, Query, is_in

PATH: Final = "/security-groups/{id}/rules"
PROTOCOLS: Final = ("tcp", "udp", "icmp", "sctp", "gre", "esp", "ah", "vrrp", "igmp")
PRESETS: Final = {"ssh": 22, "http": 80, "https": 443}
GROUPS_OFFERED: Final = 500
_TEMPLATE: Final = "security_group.html"
_FIELDS: Final = {"port_min": "port_from", "port_max": "port_to", "protocol": "protocol", "remote_cidr": "remote_cidr"}
_PORTLESS: Final = frozenset({"icmp", "ipv6-icmp", "1", "58"})


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in the words of its page. `group_id`: where the remote leads."""

    rule: SecurityRule
    what: str
    protocol: str
    ports: str
    remote: str
    group_id: str
    line: str


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", f"{PATH}/new", partial(new, front), "security_group.read", "web"),
        Route("POST", PATH, partial(create, front), "security_group.create", "web"),
        Route("GET", f"{PATH}/{{rule}}/delete", partial(ask_delete, front), "security_group.read", "web"),
        Route("POST", f"{PATH}/{{rule}}/delete", partial(delete, front), "security_group.delete", "web"),
    ]


# --- in words -------------------------------------------------------------------------------------------


def shown(front: Front, request: Request, view: GroupView, direction: Direction) -> list[Shown]:
    rules = sorted((r for r in view.rules if r.direction == direction), key=_order)
    names = _names(front, request, rules)
    return [_shown(front, request, rule, names) for rule in rules]


def _order(rule: SecurityRule) -> tuple[str, int, str, float]:
    return rule.protocol or "", rule.port_min or 0, rule.ether_type, rule.created_at


def _names(front: Front, request: Request, rules: list[SecurityRule]) -> dict[str, str]:
    """Of the groups that rules name."""
    call = request.call()
    ids = tuple({r.remote_group_id for r in rules if r.remote_group_id})
    blocks = tuple({r.remote_address_group_id for r in rules if r.remote_address_group_id})
    names: dict[str, str] = {}
    if ids:
        found = reading.find(front.house, call, GROUPS, Query(filters=(is_in("id", ids),)))
        names |= {v.group.id: v.group.name for v in found}
    if blocks:
        among = reading.find(front.house, call, ADDRESS_GROUPS, Query(filters=(is_in("id", blocks),)))
        names |= {v.group.id: v.group.name for v in among}
    return names


def _shown(front: Front, request: Request, rule: SecurityRule, names: dict[str, str]) -> Shown:
    say = partial(front.say, request)
    remote = rule.remote_text or rule.remote_cidr or ""
    if rule.remote_group_id:
        remote = say("security_groups.group", name=names.get(rule.remote_group_id, rule.remote_group_id))
    elif rule.remote_address_group_id:
        named = names.get(rule.remote_address_group_id, rule.remote_address_group_id)
        remote = say("security_groups.address_group", name=named)
    elif not remote:
        anywhere = "security_groups.anywhere" if rule.direction == "ingress" else "security_groups.anywhere.out"
        remote = say(anywhere)
    what = _what(front, request, rule)
    protocol = (rule.protocol or "").upper() or say("security_groups.any")
    ports = _ports(front, request, rule)
    return Shown(
        rule=rule,
        what=what,
        protocol=protocol,
        ports=ports,
        remote=remote,
        group_id=rule.remote_group_id or "",
        line=f"{what} · {rule.ether_type} · {remote}",
    )


def _what(front: Front, request: Request, rule: SecurityRule) -> str:
    """The name by which people know the traffic."""
    if rule.protocol is None:
        return front.say(request, "security_groups.all_traffic")
    if rule.protocol in _PORTLESS:
        ping = rule.port_min in {None, 8, 128}
        return front.say(request, "security_groups.preset.ping") if ping else rule.protocol.upper()
    known = {port: name for name, port in PRESETS.items()}
    if rule.protocol == "tcp" and rule.port_min == rule.port_max and rule.port_min in known:
        return front.say(request, f"security_groups.preset.{known[rule.port_min]}")
    return rule.protocol.upper()


def _ports(front: Front, request: Request, rule: SecurityRule) -> str:
    low, high = rule.port_min, rule.port_max
    if low is None:
        return front.say(request, "security_groups.any")
    if rule.protocol in _PORTLESS:
        word = "security_groups.icmp_type" if high is None else "security_groups.icmp_code"
        return front.say(request, word, low=low) if high is None else front.say(request, word, low=low, high=high)
    return str(low) if low == high else f"{low} – {high}"


# --- adding ---------------------------------------------------------------------------------------------


def new(front: Front, request: Request) -> Response:
    direction = "egress" if request.arg("direction") == "egress" else "ingress"
    return _form(front, request, Form([("direction", direction)]))


def create(front: Front, request: Request) -> Response:
    form, call = form_of(request), request.call()
    try:
        wishes = _wishes(GroupId(request.params["id"]), form)
        doors.create_rules(front.house, call, wishes)
    except KumoiError as e:
        return _form(front, request, form, e)
    word = "security_groups.added" if len(wishes) == 1 else "security_groups.added.both"
    return front.done(request, f"/security-groups/{request.params['id']}", front.say(request, word), stay=True)


def _wishes(group_id: GroupId, form: Form) -> tuple[GroupRuleWish, ...]:
    """One rule, or one of each IP version where the other side does not tell which."""
    direction: Direction = "egress" if form.text("direction") == "egress" else "ingress"
    protocol, low, high = _traffic(form)
    remote, cidr, group = form.text("remote") or "any", form.text("remote_cidr"), form.text("remote_group")
    versions: tuple[EtherType, ...] = ("IPv4", "IPv6")
    if remote == "cidr":
        versions = ("IPv6",) if ":" in cidr else ("IPv4",)
    elif form.text("version") == "IPv4":
        versions = ("IPv4",)
    elif form.text("version") == "IPv6":
        versions = ("IPv6",)
    return tuple(
        GroupRuleWish(
            group_id=group_id,
            rule=RuleWish(
                direction=direction,
                ether_type=version,
                protocol=protocol,
                port_min=low,
                port_max=high,
                remote_cidr=cidr if remote == "cidr" else None,
                remote_group_id=GroupId(group) if remote == "group" else None,
                description=form.text("description"),
            ),
        )
        for version in versions
    )


def _traffic(form: Form) -> tuple[str | None, int | None, int | None]:
    """Protocol and ports of a preset, or of the fields."""
    preset = form.text("preset") or "ssh"
    if preset in PRESETS:
        return "tcp", PRESETS[preset], PRESETS[preset]
    if preset == "ping":
        return "icmp", None, None
    if preset == "all":
        return None, None, None
    low = form.whole("port_from", -1)
    high = form.whole("port_to", low)
    given = form.text("port_from") != "" or form.text("port_to") != ""
    return form.text("protocol") or None, (low if given else None), (high if given else None)


def _form(front: Front, request: Request, form: Form = EMPTY, error: KumoiError | None = None) -> Response:
    call = request.call()
    group = reading.show(front.house, call, GROUPS, request.params["id"]).group
    offered = reading.find_here(front.house, call, GROUPS, Query(order=(Order("name"),), limit=GROUPS_OFFERED))
    values: dict[str, Any] = {
        "group": group,
        "form": form,
        "errors": at_fields(request, error, _FIELDS) if error is not None else {},
        "groups": [(v.group.id, v.group.name) for v in offered],
        "protocols": [(p, p.upper()) for p in PROTOCOLS],
        "presets": PRESETS,
    }
    if error is None:
        return front.part(request, _TEMPLATE, "dialog", **values)
    return front.again(request, _TEMPLATE, "dialog", error, **values)


# --- removing -------------------------------------------------------------------------------------------


def ask_delete(front: Front, request: Request) -> Response:
    rule = reading.show(front.house, request.call(), RULES, request.params["rule"]).rule
    line = _shown(front, request, rule, _names(front, request, [rule])).line
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "security_groups.remove.title"),
        text=front.say(request, "security_groups.remove.text", what=line),
        hindered="",
        action=f"/security-groups/{rule.group_id}/rules/{rule.id}/delete",
        submit=front.say(request, "security_groups.remove.submit"),
    )


def delete(front: Front, request: Request) -> Response:
    doors.delete_rules(front.house, request.call(), (RuleId(request.params["rule"]),))
    path = f"/security-groups/{request.params['id']}"
    return front.done(request, path, front.say(request, "security_groups.removed"), stay=True)
