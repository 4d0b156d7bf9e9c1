"""Doors of a QoS policy's rules."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.qos_policies import QOS_POLICIES, reshape_policy, writable
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import NotFound, Unsupported
from kumoi.core.given import given
from kumoi.core.ids import QosPolicyId, QosRuleId
from kumoi.core.policy import allow
from kumoi.core.qos import QosDirection, QosRule, QosRuleKind, checked, supported
from kumoi.core.query import Query, eq


class QosRuleWish(msgspec.Struct, frozen=True, kw_only=True):
    kind: QosRuleKind
    amount: int
    direction: QosDirection = "egress"
    burst: int = 0


class QosRuleChange(msgspec.Struct, frozen=True, kw_only=True):
    amount: int | UnsetType = UNSET
    direction: QosDirection | UnsetType = UNSET
    burst: int | UnsetType = UNSET


def supported_kinds(house: House, call: Call) -> tuple[QosRuleKind, ...]:
    """The kinds that some host carries out."""
    allow(call, "qos_policy.read")
    return supported(c for room in house.rooms.look(call.now) for c in room.host.capabilities)


def kind_in_detail(house: House, call: Call, name: str) -> QosRuleKind:
    """NotFound for what no host carries out."""
    allow(call, "qos_policy.rule_details")
    for kind in supported_kinds(house, call):
        if kind == name:
            return kind
    raise NotFound("network", kind="qos_rule_type", id=name)


def find_qos_rules(house: House, call: Call, policy_id: QosPolicyId, kind: QosRuleKind) -> list[QosRule]:
    allow(call, "qos_policy.read")

    def read(tx: Transaction) -> list[QosRule]:
        policy = reading.visible(tx, call, QOS_POLICIES, policy_id)
        return tx.qos_rules.find(Query(filters=(eq("policy_id", policy.id), eq("kind", kind))))

    return house.store.read(read)


def show_qos_rule(house: House, call: Call, policy_id: QosPolicyId | None, kind: QosRuleKind, rule_id: str) -> QosRule:
    """`policy_id` None: of whatever policy that the caller sees."""
    allow(call, "qos_policy.read")
    return house.store.read(lambda tx: _rule(tx, call, policy_id, kind, rule_id))


def create_qos_rule(house: House, call: Call, policy_id: QosPolicyId, wish: QosRuleWish) -> QosRule:
    """InUse when the policy has one of that kind and direction, or one that this would contradict; Unsupported where
    no host could carry it out."""
    allow(call, "qos_policy.update")
    if wish.kind not in supported_kinds(house, call):
        raise Unsupported("network", what=f"{wish.kind}_rule")

    def write(tx: Transaction) -> QosRule:
        policy = writable(tx, call, policy_id, "update")
        rule = QosRule(
            id=QosRuleId(house.chance.uuid()),
            policy_id=policy.id,
            kind=wish.kind,
            direction=wish.direction,
            amount=wish.amount,
            burst=wish.burst,
            created_at=call.now,
        )
        checked(rule, _rules(tx, policy.id))
        tx.qos_rules.insert(rule)
        _touch(tx, house, call, policy.id)
        return rule

    return commit(house, write)


def update_qos_rule(
    house: House, call: Call, policy_id: QosPolicyId | None, kind: QosRuleKind, rule_id: str, change: QosRuleChange
) -> QosRule:
    """Like creation; `policy_id` None as for `show_qos_rule`."""

    def write(tx: Transaction) -> QosRule:
        rule = _rule(tx, call, policy_id, kind, rule_id)
        allow(call, "qos_policy.update")
        saved = tx.qos_rules.save(checked(replace(rule, **given(change)), _rules(tx, rule.policy_id)))
        _touch(tx, house, call, rule.policy_id)
        return saved

    return commit(house, write)


def delete_qos_rule(house: House, call: Call, policy_id: QosPolicyId | None, kind: QosRuleKind, rule_id: str) -> None:
    def write(tx: Transaction) -> None:
        rule = _rule(tx, call, policy_id, kind, rule_id)
        allow(call, "qos_policy.update")
        tx.qos_rules.remove(rule.id)
        _touch(tx, house, call, rule.policy_id)

    commit(house, write)


def _rules(tx: Transaction, policy_id: QosPolicyId) -> list[QosRule]:
    return tx.qos_rules.find(Query(filters=(eq("policy_id", policy_id),)))


def _rule(tx: Transaction, call: Call, policy_id: QosPolicyId | None, kind: QosRuleKind, rule_id: str) -> QosRule:
    """The rule of that kind, if the caller sees its policy."""
    if policy_id is not None:
        reading.visible(tx, call, QOS_POLICIES, policy_id)
    rule = tx.qos_rules.get(rule_id)
    if rule is None or rule.kind != kind or policy_id not in {None, rule.policy_id}:
        raise NotFound("network", kind="qos_rule", id=rule_id)
    reading.visible(tx, call, QOS_POLICIES, rule.policy_id)
    return rule


def _touch(tx: Transaction, house: House, call: Call, policy_id: QosPolicyId) -> None:
    """A policy's generation rises with its rules; all that it shapes is to be shaped anew."""
    policy = reading.there(tx.qos_policies.get(policy_id), "qos_policy", policy_id)
    tx.qos_policies.save(replace(policy, updated_at=call.now))
    reshape_policy(tx, policy_id)
    record(tx, house, call, "qos_policy.update", Thing("qos_policy", policy.id, policy.project_id))
