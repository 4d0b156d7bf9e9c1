"""Doors of metering labels and their rules, the provider's; and what routers have counted, asked of their hosts."""

from concurrent.futures import Future

import msgspec

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.reading import Noun
from kumoi.app.writing import Thing, commit, mark_vpc, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.groups import Direction
from kumoi.core.ids import HostId, MeteringLabelId, MeteringRuleId, ProjectId, VpcId
from kumoi.core.metering import Count, MeteringLabel, MeteringRule, check, counts
from kumoi.core.pictures import Picture, Scope
from kumoi.core.plan import Ask
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, any_of, eq
from kumoi.core.vpcs import Vpc


class LabelWish(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    description: str = ""
    shared: bool = False
    project_id: ProjectId | None = None


class MeteringWish(msgspec.Struct, frozen=True, kw_only=True):
    label_id: MeteringLabelId
    direction: Direction = "ingress"
    source: str | None = None
    destination: str | None = None
    near: str | None = None
    excluded: bool = False


class RouterCount(msgspec.Struct, frozen=True, kw_only=True):
    """`count` None: its host did not say."""

    vpc: Vpc
    count: Count | None


LABELS: Noun[MeteringLabel, MeteringLabel] = Noun(
    kind="metering_label",
    action="metering",
    rows=lambda tx: tx.metering_labels,
    views=lambda _tx, rows: rows,
    listed=reading.own,
    shown=reading.never,
    mortal=False,
)
RULES: Noun[MeteringRule, MeteringRule] = Noun(
    kind="metering_rule",
    action="metering",
    rows=lambda tx: tx.metering_rules,
    views=lambda _tx, rows: rows,
    listed=reading.own,
    shown=reading.never,
    mortal=False,
)


def create_label(house: House, call: Call, wish: LabelWish) -> MeteringLabel:
    allow(call, "metering.create")
    made = MeteringLabel(
        id=MeteringLabelId(house.chance.uuid()),
        project_id=reading.project_for(call, wish.project_id),
        name=wish.name,
        description=wish.description,
        shared=wish.shared,
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> MeteringLabel:
        tx.metering_labels.insert(made)
        _mark(tx, made)
        record(tx, house, call, "metering_label.create", Thing("metering_label", made.id, made.project_id))
        return made

    return commit(house, write)


def delete_label(house: House, call: Call, label_id: MeteringLabelId) -> None:
    """Its rules go with it, and what was counted."""
    allow(call, "metering.delete")

    def write(tx: Transaction) -> None:
        gone = reading.owned(tx, call, LABELS, label_id, "delete")
        for rule in rules_of(tx, gone.id):
            tx.metering_rules.remove(rule.id)
        tx.metering_labels.remove(gone.id)
        _mark(tx, gone)
        record(tx, house, call, "metering_label.delete", Thing("metering_label", gone.id, gone.project_id))

    commit(house, write)


def create_rule(house: House, call: Call, wish: MeteringWish) -> MeteringRule:
    """Raises Invalid, and Taken where another rule counts the same addresses."""
    allow(call, "metering.create")

    def write(tx: Transaction) -> MeteringRule:
        label = reading.owned(tx, call, LABELS, wish.label_id, "update")
        made = MeteringRule(
            id=MeteringRuleId(house.chance.uuid()),
            project_id=label.project_id,
            **msgspec.structs.asdict(wish),
            created_at=call.now,
            updated_at=call.now,
        )
        check(made, rules_of(tx, label.id))
        tx.metering_rules.insert(made)
        _mark(tx, label)
        record(tx, house, call, "metering_rule.create", Thing("metering_rule", made.id, made.project_id))
        return made

    return commit(house, write)


def delete_rule(house: House, call: Call, rule_id: MeteringRuleId) -> None:
    """What its label counted stays counted."""
    allow(call, "metering.delete")

    def write(tx: Transaction) -> None:
        gone = reading.owned(tx, call, RULES, rule_id, "delete")
        tx.metering_rules.remove(gone.id)
        _mark(tx, reading.there(tx.metering_labels.get(gone.label_id), "metering_label", gone.label_id))
        record(tx, house, call, "metering_rule.delete", Thing("metering_rule", gone.id, gone.project_id))

    commit(house, write)


def rules_of(tx: Transaction, label_id: MeteringLabelId) -> list[MeteringRule]:
    return tx.metering_rules.find(Query(filters=(eq("label_id", label_id),)))


def labels_on(tx: Transaction, project_id: ProjectId) -> list[MeteringLabel]:
    """That its routers count by."""
    return tx.metering_labels.find(Query(filters=(any_of(eq("project_id", project_id), eq("shared", value=True)),)))


def ask_counts(house: House, call: Call, label_id: MeteringLabelId) -> "dict[tuple[Vpc, ...], Future[bytes] | None]":
    """What each host is asked, by the routers that it has; None: those that stand nowhere."""
    allow(call, "metering.read")

    def read(tx: Transaction) -> dict[HostId | None, list[Vpc]]:
        homes: dict[HostId | None, list[Vpc]] = {}
        for vpc in _counting(tx, reading.visible(tx, call, LABELS, label_id)):
            homes.setdefault(vpc.host_id if vpc.admin_up else None, []).append(vpc)
        return homes

    asked: dict[tuple[Vpc, ...], Future[bytes] | None] = {}
    for host_id, vpcs in house.store.read(read).items():
        scope = Scope(vpcs=tuple(vpc.id for vpc in vpcs))
        ask = Ask(id=house.chance.uuid(), kind="picture", scope=scope)
        asked[tuple(vpcs)] = house.asks.open(host_id, ask) if host_id is not None else None
    return asked


def counted(label_id: MeteringLabelId, vpcs: tuple[Vpc, ...], told: bytes | None) -> list[RouterCount]:
    """By router, since it stands on its host."""
    found: dict[VpcId, Count] = {}
    if told is not None:
        picture = msgspec.json.decode(told, type=Picture)
        rooms = {vpc_id: picture.room(name) for vpc_id, name in picture.rooms_of.items()}
        found = {
            vpc_id: mine
            for vpc_id, room in rooms.items()
            if room is not None and (mine := counts(room.rules or ()).get(label_id)) is not None
        }
    return [RouterCount(vpc=vpc, count=found.get(vpc.id)) for vpc in vpcs]


def _counting(tx: Transaction, label: MeteringLabel) -> list[Vpc]:
    mine = () if label.shared else (eq("project_id", label.project_id),)
    return tx.vpcs.find(Query(filters=(*mine, alive())))


def _mark(tx: Transaction, label: MeteringLabel) -> None:
    for vpc in _counting(tx, label):
        mark_vpc(tx, vpc.id, vpc.host_id)
