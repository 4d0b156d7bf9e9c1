"""Doors of QoS policies, and how networks, nics and addresses come by one. Their rules are `qos_rules`."""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.reservations import reserve_anew
from kumoi.app.networks.sharing import Owned, drop_shares, set_for_all
from kumoi.app.writing import Thing, commit, mark_nic, mark_vpc, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, InUse
from kumoi.core.given import given
from kumoi.core.ids import ProjectId, QosPolicyId
from kumoi.core.nics import Nic
from kumoi.core.policy import allow
from kumoi.core.qos import QosPolicy, QosRule
from kumoi.core.query import Query, alive, eq, is_in


class QosPolicyWish(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    project_id: ProjectId | None = None
    description: str = ""
    shared: bool = False
    is_default: bool = False


class QosPolicyChange(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    shared: bool | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    if_generation: int | None = None


class QosPolicyView(msgspec.Struct, frozen=True, kw_only=True):
    """`targets`: whom it is shared with."""

    policy: QosPolicy
    rules: tuple[QosRule, ...]
    tags: tuple[str, ...]
    targets: tuple[str, ...]


def _views(tx: Transaction, rows: list[QosPolicy]) -> list[QosPolicyView]:
    ids = tuple(r.id for r in rows)
    rules: dict[str, list[QosRule]] = {}
    for rule in tx.qos_rules.find(Query(filters=(is_in("policy_id", ids),))) if ids else ():
        rules.setdefault(rule.policy_id, []).append(rule)
    tags = reading.tags_of(tx, "qos_policy", rows)
    targets = reading.targets_of(tx, "qos_policy", ids)
    return [
        QosPolicyView(
            policy=r, rules=tuple(rules.get(r.id, ())), tags=tags.get(r.id, ()), targets=targets.get(r.id, ())
        )
        for r in rows
    ]


QOS_POLICIES: Noun[QosPolicy, QosPolicyView] = Noun(
    kind="qos_policy",
    action="qos_policy",
    rows=lambda tx: tx.qos_policies,
    views=_views,
    listed=reading.own_and_shared("qos_policy"),
    shown=reading.shown_if_shared("qos_policy"),
    mortal=False,
)


def create_qos_policy(house: House, call: Call, wish: QosPolicyWish) -> QosPolicyView:
    """The provider's affair. InUse for a second default one of a project."""
    allow(call, "qos_policy.create")
    policy = QosPolicy(
        id=QosPolicyId(house.chance.uuid()),
        project_id=reading.project_for(call, wish.project_id),
        name=wish.name,
        description=wish.description,
        is_default=wish.is_default,
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> list[QosPolicyView]:
        _check_only_default(tx, policy)
        tx.qos_policies.insert(policy)
        set_for_all(tx, house, call, _owned(policy), "use", wanted=wish.shared)
        record(tx, house, call, "qos_policy.create", Thing("qos_policy", policy.id, policy.project_id))
        return _views(tx, [policy])

    return commit(house, write)[0]


def update_qos_policy(house: House, call: Call, policy_id: QosPolicyId, change: QosPolicyChange) -> QosPolicyView:
    """Raises InUse when projects that it was shared with use it."""

    def write(tx: Transaction) -> list[QosPolicyView]:
        policy = writable(tx, call, policy_id, "update")
        reading.check_generation(QOS_POLICIES, policy, change.if_generation)
        changed = replace(policy, **given(change, "if_generation", "shared"), updated_at=call.now)
        if changed.is_default and not policy.is_default:
            _check_only_default(tx, changed)
        if not isinstance(change.shared, UnsetType):
            set_for_all(tx, house, call, _owned(policy), "use", wanted=change.shared)
        saved = tx.qos_policies.save(changed)
        record(tx, house, call, "qos_policy.update", Thing("qos_policy", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_qos_policy(house: House, call: Call, policy_id: QosPolicyId) -> None:
    """With its rules. InUse while anything has it."""

    def write(tx: Transaction) -> None:
        policy = writable(tx, call, policy_id, "delete")
        for kind, row_id in _users(tx, policy.id):
            raise InUse("network", kind="qos_policy", id=policy.id, by_kind=kind, by_id=row_id)
        for rule in tx.qos_rules.find(Query(filters=(eq("policy_id", policy.id),))):
            tx.qos_rules.remove(rule.id)
        drop_shares(tx, _owned(policy))
        tx.labels.drop("qos_policy", policy.id)
        tx.qos_policies.remove(policy.id)
        record(tx, house, call, "qos_policy.delete", Thing("qos_policy", policy.id, policy.project_id))

    commit(house, write)


# --- inside other doors -------------------------------------------------------------------------------


def writable(tx: Transaction, call: Call, policy_id: QosPolicyId, verb: str) -> QosPolicy:
    """Whoever sees a policy may not change it for that: NotFound comes before Forbidden."""
    policy = reading.visible(tx, call, QOS_POLICIES, policy_id)
    allow(call, f"qos_policy.{verb}")
    return policy


def chosen(
    tx: Transaction, call: Call, wished: QosPolicyId | UnsetType | None, was: QosPolicyId | None = None
) -> QosPolicyId | None:
    """The policy that a thing is to have. NotFound for one that the caller may not use; what such a one put there the
    caller may not take away either (Forbidden)."""
    if isinstance(wished, UnsetType) or wished == was:
        return was
    if was is not None and not _may_use(tx, call, was):
        raise Forbidden("network", action="qos_policy.update", needs=["admin"])
    if wished is not None:
        reading.visible(tx, call, QOS_POLICIES, wished)
    return wished


def default_policy(tx: Transaction, project_id: ProjectId) -> QosPolicyId | None:
    """What a network of the project has that is made without one."""
    query = Query(filters=(eq("project_id", project_id), eq("is_default", value=True)), limit=1)
    return next((policy.id for policy in tx.qos_policies.find(query)), None)


def reshape_policy(tx: Transaction, policy_id: QosPolicyId) -> None:
    """All whose traffic it shapes, or is guaranteed by it. Raises NoCapacity where a host cannot promise so much."""
    having = Query(filters=(eq("qos_policy_id", policy_id), alive()))
    for nic in tx.nics.find(having):
        reshape_nic(tx, nic)
    for network in tx.networks.find(having):
        reshape_network(tx, network.id)
    for public in tx.public_addresses.find(having):
        _mark_vpc(tx, public.vpc_id)


def reshape_network(tx: Transaction, network_id: str) -> None:
    """Those that obey their network's policy, and the routers that lead out by it."""
    for nic in tx.nics.find(Query(filters=(eq("network_id", network_id), alive()))):
        if nic.qos_policy_id is None:
            reshape_nic(tx, nic)


def reshape_nic(tx: Transaction, nic: Nic) -> None:
    reserve_anew(tx, nic)
    mark_nic(tx, nic)


def _mark_vpc(tx: Transaction, vpc_id: str | None) -> None:
    vpc = tx.vpcs.get(vpc_id) if vpc_id is not None else None
    if vpc is not None:
        mark_vpc(tx, vpc.id, vpc.host_id)


def _may_use(tx: Transaction, call: Call, policy_id: QosPolicyId) -> bool:
    policy = tx.qos_policies.get(policy_id)
    if policy is None or reading.sees_all(call):
        return True
    return reading.is_usable(tx, "qos_policy", policy, call.actor.project_id)


def _users(tx: Transaction, policy_id: QosPolicyId) -> Iterator[tuple[str, str]]:
    having = Query(filters=(eq("qos_policy_id", policy_id), alive()), limit=1)
    yield from (("network", row.id) for row in tx.networks.find(having))
    yield from (("nic", row.id) for row in tx.nics.find(having))
    yield from (("public_address", row.id) for row in tx.public_addresses.find(having))


def _check_only_default(tx: Transaction, policy: QosPolicy) -> None:
    other = default_policy(tx, policy.project_id) if policy.is_default else None
    if other not in {None, policy.id}:
        raise InUse("network", kind="default_qos_policy", id=policy.id, by_kind="qos_policy", by_id=other)


def _owned(policy: QosPolicy) -> Owned:
    return Owned(kind="qos_policy", id=policy.id, project_id=policy.project_id)
