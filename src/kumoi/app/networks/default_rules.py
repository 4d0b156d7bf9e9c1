"""Doors of the templates of what new security groups allow: the provider's to write, everybody's to read."""

import msgspec

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.reading import Noun
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.default_rules import ITSELF, DefaultRule
from kumoi.core.errors import NotFound, Taken
from kumoi.core.group_rules import checked, same
from kumoi.core.groups import RuleWish
from kumoi.core.ids import DefaultRuleId
from kumoi.core.policy import allow
from kumoi.core.query import Query


class DefaultRuleWish(msgspec.Struct, frozen=True, kw_only=True):
    """`rule.remote_group_id` ITSELF: the group that is made."""

    rule: RuleWish
    in_default: bool = False
    in_others: bool = True
    description: str = ""


DEFAULT_RULES: Noun[DefaultRule, DefaultRule] = Noun(
    kind="default_rule",
    action="default_rule",
    rows=lambda tx: tx.default_rules,
    views=lambda _tx, rows: rows,
    listed=lambda _tx, _call: (),
    shown=lambda _tx, _call, _row: True,
    mortal=False,
)


def create_default_rule(house: House, call: Call, wish: DefaultRuleWish) -> DefaultRule:
    """Taken when the same groups get the same rule already."""
    allow(call, "default_rule.create")
    rule = checked(wish.rule)
    made = DefaultRule(
        id=DefaultRuleId(house.chance.uuid()),
        **{f: getattr(rule, f) for f in rule.__struct_fields__ if f not in {"description", "remote_text"}},
        in_default=wish.in_default,
        in_others=wish.in_others,
        description=wish.description,
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> DefaultRule:
        _check_remotes(tx, made)
        for other in tx.default_rules.find(Query()):
            overlap = (other.in_default and made.in_default) or (other.in_others and made.in_others)
            if overlap and same(other, made):
                raise Taken("network", kind="default_rule", name=other.id)
        tx.default_rules.insert(made)
        record(tx, house, call, "default_rule.create", Thing("default_rule", made.id, ""))
        return made

    return house.store.write(write)


def delete_default_rule(house: House, call: Call, rule_id: DefaultRuleId) -> None:
    """Groups that were made keep what they have."""
    allow(call, "default_rule.delete")

    def write(tx: Transaction) -> None:
        rule = reading.visible(tx, call, DEFAULT_RULES, rule_id)
        tx.default_rules.remove(rule.id)
        record(tx, house, call, "default_rule.delete", Thing("default_rule", rule.id, ""))

    house.store.write(write)


def _check_remotes(tx: Transaction, rule: DefaultRule) -> None:
    group_id, addresses_id = rule.remote_group_id, rule.remote_address_group_id
    if group_id is not None and group_id != ITSELF and tx.security_groups.get(group_id) is None:
        raise NotFound("network", kind="security_group", id=group_id)
    if addresses_id is not None and tx.address_groups.get(addresses_id) is None:
        raise NotFound("network", kind="address_group", id=addresses_id)
