"""/v2.0/qos/policies/{policy}/…_rules, the same by /v2.0/qos/alias-…-rules, and /v2.0/qos/rule-types."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import listing
from kumoi.api.openstack.network.listing import Shown, Table
from kumoi.api.openstack.network.resources import SERVICE, one_of
from kumoi.app.house import House
from kumoi.app.networks import qos_rules
from kumoi.app.networks.qos_rules import QosRuleChange, QosRuleWish
from kumoi.core.call import Actor
from kumoi.core.given import given
from kumoi.core.ids import QosPolicyId
from kumoi.core.qos import DIRECTIONS, DSCP_MARKS, MOST, QosRule, QosRuleKind

Amount = Annotated[int, Meta(ge=0, le=MOST)] | str
Way = Literal["egress", "ingress"]


class NewBandwidth(msgspec.Struct, forbid_unknown_fields=True):
    max_kbps: Amount
    max_burst_kbps: Amount = 0
    direction: Way = "egress"


class ChangeBandwidth(msgspec.Struct, forbid_unknown_fields=True):
    max_kbps: Amount | UnsetType = UNSET
    max_burst_kbps: Amount | UnsetType = UNSET
    direction: Way | UnsetType = UNSET


class NewPacketRate(msgspec.Struct, forbid_unknown_fields=True):
    max_kpps: Amount
    max_burst_kpps: Amount = 0
    direction: Way = "egress"


class ChangePacketRate(msgspec.Struct, forbid_unknown_fields=True):
    max_kpps: Amount | UnsetType = UNSET
    max_burst_kpps: Amount | UnsetType = UNSET
    direction: Way | UnsetType = UNSET


class NewDscp(msgspec.Struct, forbid_unknown_fields=True):
    dscp_mark: Amount


class ChangeDscp(msgspec.Struct, forbid_unknown_fields=True):
    dscp_mark: Amount | UnsetType = UNSET


class NewLeastBandwidth(msgspec.Struct, forbid_unknown_fields=True):
    min_kbps: Amount
    direction: Way = "egress"


class ChangeLeastBandwidth(msgspec.Struct, forbid_unknown_fields=True):
    min_kbps: Amount | UnsetType = UNSET
    direction: Way | UnsetType = UNSET


class NewLeastPacketRate(msgspec.Struct, forbid_unknown_fields=True):
    min_kpps: Amount
    direction: Literal["egress", "ingress", "any"] = "egress"


class ChangeLeastPacketRate(msgspec.Struct, forbid_unknown_fields=True):
    min_kpps: Amount | UnsetType = UNSET
    direction: Literal["egress", "ingress", "any"] | UnsetType = UNSET


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """How Neutron spells a kind: the names of core's amount and burst, and its bodies."""

    amount: str
    burst: str = ""
    new: type[Any]
    change: type[Any]


_DIALECTS: Final[Mapping[QosRuleKind, Dialect]] = {
    "bandwidth_limit": Dialect(amount="max_kbps", burst="max_burst_kbps", new=NewBandwidth, change=ChangeBandwidth),
    "packet_rate_limit": Dialect(amount="max_kpps", burst="max_burst_kpps", new=NewPacketRate, change=ChangePacketRate),
    "dscp_marking": Dialect(amount="dscp_mark", new=NewDscp, change=ChangeDscp),
    "minimum_bandwidth": Dialect(amount="min_kbps", new=NewLeastBandwidth, change=ChangeLeastBandwidth),
    "minimum_packet_rate": Dialect(amount="min_kpps", new=NewLeastPacketRate, change=ChangeLeastPacketRate),
}


def routes(house: House) -> list[Route]:
    kinds = [route for kind in _DIALECTS for route in (*_of_policy(house, kind), *_by_alias(house, kind))]
    return [*kinds, *_rule_types(house)]


def _of_policy(house: House, kind: QosRuleKind) -> list[Route]:
    key, path = f"{kind}_rule", f"/v2.0/qos/policies/{{policy}}/{kind}_rules"

    def policy(request: Request) -> QosPolicyId:
        return QosPolicyId(request.params["policy"])

    def find(request: Request) -> Response:
        call = request.call()
        found = qos_rules.find_qos_rules(house, call, policy(request), kind)
        return listing.answer(request, _table(kind), lambda _query: found)

    def create(request: Request) -> Response:
        wish = _wish(kind, one_of(request, key, _DIALECTS[kind].new))
        made = qos_rules.create_qos_rule(house, request.call(), policy(request), wish)
        return json_response({key: render_rule(made)}, 201)

    return [
        Route("GET", path, find, "qos_policy.read", SERVICE),
        Route("POST", path, create, "qos_policy.update", SERVICE, body_type=_DIALECTS[kind].new, success=201),
        *_one(house, kind, f"{path}/{{id}}"),
    ]


def _by_alias(house: House, kind: QosRuleKind) -> list[Route]:
    """The same without naming the policy."""
    return _one(house, kind, f"/v2.0/qos/alias-{kind.replace('_', '-')}-rules/{{id}}", f"alias_{kind}_rule")


def _one(house: House, kind: QosRuleKind, path: str, key: str = "") -> list[Route]:
    wrapped = key or f"{kind}_rule"

    def named(request: Request) -> tuple[QosPolicyId | None, QosRuleKind, str]:
        policy = request.params.get("policy")
        return (QosPolicyId(policy) if policy is not None else None), kind, request.params["id"]

    def show(request: Request) -> Response:
        found = qos_rules.show_qos_rule(house, request.call(), *named(request))
        return json_response({wrapped: listing.fields(request, render_rule(found))})

    def update(request: Request) -> Response:
        change = _change(kind, one_of(request, wrapped, _DIALECTS[kind].change))
        done = qos_rules.update_qos_rule(house, request.call(), *named(request), change)
        return json_response({wrapped: render_rule(done)})

    def delete(request: Request) -> Response:
        qos_rules.delete_qos_rule(house, request.call(), *named(request))
        return no_content()

    return [
        Route("GET", path, show, "qos_policy.read", SERVICE),
        Route("PUT", path, update, "qos_policy.update", SERVICE, body_type=_DIALECTS[kind].change),
        Route("DELETE", path, delete, "qos_policy.update", SERVICE, success=204),
    ]


def _rule_types(house: House) -> list[Route]:
    def find(request: Request) -> Response:
        every = listing.matches(True, [v for k, v in request.query if k == "all_rules"])
        found = tuple(_DIALECTS) if every else qos_rules.supported_kinds(house, request.call())
        shown = [listing.fields(request, {"type": kind}) for kind in found]
        return json_response({"rule_types": shown})

    def show(request: Request) -> Response:
        found = qos_rules.kind_in_detail(house, request.call(), request.params["type"])
        drivers = [{"name": "linux", "supported_parameters": _parameters(found)}]
        return json_response({"rule_type": {"type": found, "drivers": drivers}})

    path = "/v2.0/qos/rule-types"
    return [
        Route("GET", path, find, "qos_policy.read", SERVICE),
        Route("GET", f"{path}/{{type}}", show, "qos_policy.rule_details", SERVICE),
    ]


def _parameters(kind: QosRuleKind) -> list[dict[str, Any]]:
    """What a rule of the kind may say."""
    spelled = _DIALECTS[kind]
    if kind == "dscp_marking":
        return [{"parameter_name": spelled.amount, "parameter_type": "choices", "parameter_values": list(DSCP_MARKS)}]
    span = {"start": 0, "end": MOST}
    numbers = [
        {"parameter_name": name, "parameter_type": "range", "parameter_values": span}
        for name in (spelled.amount, spelled.burst)
        if name
    ]
    ways = {"parameter_name": "direction", "parameter_type": "choices", "parameter_values": list(DIRECTIONS[kind])}
    return [*numbers, ways]


def _wish(kind: QosRuleKind, new: Any) -> QosRuleWish:
    spelled = _DIALECTS[kind]
    return QosRuleWish(
        kind=kind,
        amount=_number(getattr(new, spelled.amount)),
        burst=_number(getattr(new, spelled.burst)) if spelled.burst else 0,
        direction=getattr(new, "direction", ""),
    )


def _change(kind: QosRuleKind, change: Any) -> QosRuleChange:
    spelled, said = _DIALECTS[kind], given(change)
    return QosRuleChange(
        amount=_number(said[spelled.amount]) if spelled.amount in said else UNSET,
        burst=_number(said[spelled.burst]) if spelled.burst in said else UNSET,
        direction=said.get("direction", UNSET),
    )


def _number(value: Amount) -> int:
    """Numbers may come as text."""
    return value if isinstance(value, int) else int(str(listing.number(value)))


def render_rule(rule: QosRule) -> Shown:
    spelled = _DIALECTS[rule.kind]
    shown: Shown = {"id": rule.id, spelled.amount: rule.amount}
    if spelled.burst:
        shown[spelled.burst] = rule.burst
    if rule.direction:
        shown["direction"] = rule.direction
    return shown


def _render(rule: QosRule, _actor: Actor) -> Shown:
    return render_rule(rule)


def _table(kind: QosRuleKind) -> Table[QosRule]:
    spelled = _DIALECTS[kind]
    attributes = {"id", spelled.amount, "direction", *((spelled.burst,) if spelled.burst else ())}
    return Table(plural=f"{kind}_rules", columns={}, attributes=frozenset(attributes), render=_render)
