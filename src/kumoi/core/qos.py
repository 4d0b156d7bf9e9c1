"""QoS: policies, their rules, and what these make of one nic's traffic. Pure.

Directions are the guest's: what it sends is egress.
"""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from kumoi.core.errors import InUse, Invalid
from kumoi.core.ids import ProjectId, QosPolicyId, QosRuleId
from kumoi.core.nics import Nic

QosRuleKind = Literal[
    "bandwidth_limit", "packet_rate_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate"
]
QosDirection = Literal["egress", "ingress", "any", ""]
MOST: Final = 2**31 - 1
DSCP_MARKS: Final = (0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 46, 48, 56)
# By kind: in which directions there can be one.
DIRECTIONS: Final[dict[QosRuleKind, tuple[QosDirection, ...]]] = {
    "bandwidth_limit": ("egress", "ingress"),
    "packet_rate_limit": ("egress", "ingress"),
    "dscp_marking": ("",),
    "minimum_bandwidth": ("egress", "ingress"),
    "minimum_packet_rate": ("egress", "ingress", "any"),
}
_CEILINGS: Final[dict[QosRuleKind, QosRuleKind]] = {
    "minimum_bandwidth": "bandwidth_limit", "minimum_packet_rate": "packet_rate_limit",
}  # fmt: skip


# What hosts say of themselves that limit and mark, and that keep room for what is guaranteed.
LIMITS: Final = "qos"
GUARANTEES: Final = "qos_minimum"
_NEEDS: Final[dict[QosRuleKind, str]] = {
    "bandwidth_limit": LIMITS, "packet_rate_limit": LIMITS, "dscp_marking": LIMITS,
    "minimum_bandwidth": GUARANTEES, "minimum_packet_rate": GUARANTEES,
}  # fmt: skip


class QosPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """`is_default`: what the project's networks have that are made without one."""

    id: QosPolicyId
    project_id: ProjectId
    name: str
    description: str = ""
    is_default: bool = False
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


class QosRule(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` and `burst` in the kind's unit: kbit/s and kbit, thousands of packets (a second); the mark of DSCP.

    Of a kind and a direction a policy has one at most. Burst 0: as much as TCP needs (`burst_of`).
    """

    id: QosRuleId
    policy_id: QosPolicyId
    kind: QosRuleKind
    direction: QosDirection
    amount: int
    burst: int = 0
    created_at: float = 0.0


class Shaping(msgspec.Struct, frozen=True, kw_only=True):
    """What a nic, or an address, may send and receive. kbit/s, kbit, thousands of packets; 0: as much as it likes.

    `dscp` None: as the guest marks its packets itself.
    """

    egress_kbps: int = 0
    egress_burst_kbit: int = 0
    ingress_kbps: int = 0
    ingress_burst_kbit: int = 0
    egress_kpps: int = 0
    egress_burst_kp: int = 0
    ingress_kpps: int = 0
    ingress_burst_kp: int = 0
    dscp: int | None = None


def supported(capabilities: Iterable[str]) -> tuple[QosRuleKind, ...]:
    """The kinds of rules that hosts with these capabilities carry out."""
    there = frozenset(capabilities)
    return tuple(kind for kind, needed in _NEEDS.items() if needed in there)


def checked(rule: QosRule, others: Iterable[QosRule]) -> QosRule:
    """The rule, if it is possible and goes with the policy's others. Raises Invalid, and InUse for what is there."""
    _check_values(rule)
    for other in others:
        if other.id == rule.id:
            continue
        both = {rule.direction, other.direction}
        if other.kind == rule.kind and (len(both) == 1 or "any" in both):
            raise InUse("network", kind="qos_rule", id=rule.policy_id, by_kind="qos_rule", by_id=other.id)
        if rule.direction == other.direction and _starved(rule, other):
            raise InUse("network", kind="qos_amounts", id=rule.policy_id, by_kind="qos_rule", by_id=other.id)
    return rule


def shaping(rules: Iterable[QosRule]) -> Shaping | None:
    """What a policy's limits come to; None where it limits and marks nothing."""
    found: dict[str, int] = {}
    for rule in rules:
        if rule.kind == "dscp_marking":
            found["dscp"] = rule.amount
        elif rule.kind == "bandwidth_limit" and rule.amount:
            found[f"{rule.direction}_kbps"] = rule.amount
            found[f"{rule.direction}_burst_kbit"] = burst_of(rule)
        elif rule.kind == "packet_rate_limit" and rule.amount:
            found[f"{rule.direction}_kpps"] = rule.amount
            found[f"{rule.direction}_burst_kp"] = burst_of(rule)
    return msgspec.convert(found, Shaping) if found else None


def reserved(rules: Iterable[QosRule]) -> dict[str, int]:
    """What a policy guarantees, as a host counts it: kbit/s each way, and thousands of packets a second in all."""
    found: dict[str, int] = {}
    for rule in rules:
        if rule.kind == "minimum_bandwidth" and rule.amount:
            found[f"{rule.direction}_kbps"] = rule.amount
        elif rule.kind == "minimum_packet_rate" and rule.amount:
            found["kpps"] = found.get("kpps", 0) + rule.amount
    return found


def policy_of(nic: Nic, network_policy: QosPolicyId | None) -> QosPolicyId | None:
    """The policy that a nic obeys: its own, or its network's; the cloud's own nics obey their own only."""
    if nic.qos_policy_id is not None or nic.use in {"vpc_interface", "dhcp"}:
        return nic.qos_policy_id
    return network_policy


def burst_of(rule: QosRule) -> int:
    """What was asked for, or four fifths of a second's worth, so that TCP comes near its limit."""
    return rule.burst or max(1, rule.amount * 4 // 5)


def _check_values(rule: QosRule) -> None:
    if rule.direction not in DIRECTIONS[rule.kind]:
        raise Invalid("network", field="direction", reason="not_in_enum", value=rule.direction)
    if rule.kind == "dscp_marking":
        if rule.amount not in DSCP_MARKS:
            raise Invalid("network", field="dscp_mark", reason="not_in_enum", value=rule.amount)
        return
    for field, value in (("amount", rule.amount), ("burst", rule.burst)):
        if not 0 <= value <= MOST:
            raise Invalid("network", field=field, reason="range", bound=f"from 0 to {MOST}", value=value)


def _starved(one: QosRule, other: QosRule) -> bool:
    """Whether one of the two guarantees more than the other allows."""
    for least, most in ((one, other), (other, one)):
        if _CEILINGS.get(least.kind) == most.kind and 0 < most.amount < least.amount:
            return True
    return False
