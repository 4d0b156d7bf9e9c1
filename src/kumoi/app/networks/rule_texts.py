"""Doors of a group's rules as text: told, and set as a whole. What is let out stays as it is."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.address_groups import ADDRESS_GROUPS
from kumoi.app.networks.addresses import TICK_S
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.security_groups import GROUPS, GroupRuleWish, GroupView, add_rule, drop_rule, touch_group
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core import rule_text
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.group_rules import checked
from kumoi.core.groups import RuleWish, SecurityGroup
from kumoi.core.ids import AddressGroupId, Ec2Prefix, GroupId, ec2_key, from_ec2, is_uuid, uuid_start
from kumoi.core.policy import allow
from kumoi.core.query import Filter, Query, alive, any_of, eq, is_in
from kumoi.core.rule_text import SourceKind, TextRule
from kumoi.core.shares import SharedKind

_KINDS: Final[tuple[SourceKind, ...]] = ("group", "address_group")
_SPELLABLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def told(house: House, call: Call, called: str) -> tuple[GroupView, str]:
    """The group (by id, EC2 id or name) and its text."""
    allow(call, "security_group.read")

    def read(tx: Transaction) -> tuple[GroupView, str]:
        view = GROUPS.views(tx, [_group(tx, call, called)])[0]
        return view, _text(tx, view)

    return house.store.read(read)


def set_rules(house: House, call: Call, called: str, text: str) -> tuple[GroupView, str]:
    """What the text lists and nothing else is let in. Rules that are there already stay the same ones."""
    allow(call, "security_group.update")
    lines = rule_text.parse(text)

    def write(tx: Transaction) -> tuple[GroupView, str]:
        group = reading.owned(tx, call, GROUPS, _group(tx, call, called).id, "update")
        view = GROUPS.views(tx, [group])[0]
        groups = {kind: _Called(tx, kind, view) for kind in _KINDS}
        wanted = [(line, checked(wish)) for line in lines for wish in _wishes(groups, line)]
        rule_text.check_apart(wanted)
        _bring_about(tx, house, call, group, [wish for _, wish in wanted])
        thing = Thing("security_group", group.id, group.project_id)
        record(tx, house, call, "security_group.set_rules", thing, {"lines": len(lines)})
        view = GROUPS.views(tx, [reading.there(tx.security_groups.get(group.id), "security_group", group.id)])[0]
        return view, _text(tx, view)

    return commit(house, write)


def _bring_about(tx: Transaction, house: House, call: Call, group: SecurityGroup, wanted: list[RuleWish]) -> None:
    left = list(wanted)
    for rule in tx.security_rules.find(Query(filters=(eq("group_id", group.id), eq("direction", "ingress")))):
        kept = next((w for w in left if rule_text.same(w, rule)), None)
        if kept is None:
            drop_rule(tx, rule)
            continue
        left.remove(kept)
        if kept.description != rule.description:
            tx.security_rules.save(replace(rule, description=kept.description, updated_at=call.now))
    for number, wish in enumerate(left):  # made one after the other, they are told in the order of the text
        add_rule(
            tx, house, replace(call, now=call.now + number * TICK_S), GroupRuleWish(group_id=group.id, rule=wish), wish
        )
    touch_group(tx, group.id, call.now)


def _wishes(called: "Mapping[SourceKind, _Called]", line: TextRule) -> Iterable[RuleWish]:
    if line.kind == "group":
        return rule_text.wishes(line, GroupId(called[line.kind].one(line)), None)
    if line.kind == "address_group":
        return rule_text.wishes(line, None, AddressGroupId(called[line.kind].one(line)))
    return rule_text.wishes(line, None, None)


def _text(tx: Transaction, view: GroupView) -> str:
    names = _Called(tx, "group", view).spelled | _Called(tx, "address_group", view).spelled
    return rule_text.render(sorted(view.rules, key=lambda rule: rule.created_at), names)


class _Called:
    """What the groups that a group's rules may name are called: its project's own, those shared to it, and those that
    its rules name already."""

    def __init__(self, tx: Transaction, kind: SourceKind, view: GroupView) -> None:
        noun: Noun[Any, Any] = GROUPS if kind == "group" else ADDRESS_GROUPS
        shared_kind: SharedKind = "security_group" if kind == "group" else "address_group"
        self._prefix: Ec2Prefix = "sg" if kind == "group" else "pl"
        self._head = "sg-" if kind == "group" else "ag-"
        named = [r.remote_group_id if kind == "group" else r.remote_address_group_id for r in view.rules]
        owner, living = view.group.project_id, (alive(),) if noun.mortal else ()
        usable = any_of(eq("project_id", owner), is_in("id", reading.shared_to(tx, shared_kind, owner)))
        rows = noun.rows(tx).find(Query(filters=(usable, *living)))
        rows += noun.rows(tx).many(tuple({n for n in named if n is not None} - {r.id for r in rows}))
        self._by_name: dict[str, list[str]] = {}
        for row in rows:
            self._by_name.setdefault(row.name, []).append(row.id)
        self._ids = [row.id for row in rows]
        self.spelled = {row.id: self._spelling(row) for row in rows}

    def one(self, line: TextRule) -> str:
        """By its id after the prefix, by its EC2 id, by its name after the prefix, by its whole name."""
        name = line.source[len(self._head) :]
        digits = from_ec2(self._prefix, f"{self._prefix}-{name}")
        start = uuid_start(digits) if digits is not None else name
        by_id = [i for i in self._ids if i.startswith(start)] if digits is not None or is_uuid(name) else []
        for found in (by_id, self._by_name.get(name, []), self._by_name.get(line.source, [])):
            if len(found) > 1:
                raise _wrong("text_several", line)
            if found:
                return found[0]
        raise _wrong("text_nothing", line)

    def _spelling(self, row: Any) -> str:
        plain = _SPELLABLE.fullmatch(row.name) and from_ec2(self._prefix, f"{self._prefix}-{row.name}") is None
        if plain and len(self._by_name[row.name]) == 1 and f"{self._head}{row.name}" not in self._by_name:
            return f"{self._head}{row.name}"
        return f"{self._head}{ec2_key(row.id)}"


def _wrong(reason: str, line: TextRule) -> Invalid:
    return Invalid("network", field="rules", reason=reason, line=line.line, column=line.column, value=line.source)


def _group(tx: Transaction, call: Call, called: str) -> SecurityGroup:
    """Raises NotFound; Invalid where several are called so."""
    digits = from_ec2("sg", called)
    by_id = Filter("id", "prefix", uuid_start(digits) if digits is not None else called.lower())
    test = by_id if digits is not None or is_uuid(called) else eq("name", called)
    seen = () if reading.sees_all(call) and test is by_id else GROUPS.listed(tx, call)
    found = tx.security_groups.find(Query(filters=(*seen, test, alive())))
    if len(found) > 1:
        names = [f"security_group {g.id}" for g in found]
        raise Invalid("api", field="id", reason="several_things", value=called, names=names)
    if not found:
        raise NotFound("network", kind="security_group", id=called)
    return found[0]
