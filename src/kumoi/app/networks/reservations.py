"""What hosts keep for nics whose QoS policy guarantees them something: counters of the host, taken inside a door's
transaction. A host that promises nothing carries no such nic."""

from collections.abc import Set

from kumoi.contracts.store import Transaction
from kumoi.core.errors import NoCapacity
from kumoi.core.ids import HostId, NetworkId
from kumoi.core.nics import Nic
from kumoi.core.qos import QosRule, policy_of, reserved
from kumoi.core.query import Query, is_in
from kumoi.core.quotas import Allocation, host_scope


def needed_by(tx: Transaction, nic: Nic) -> dict[str, int]:
    """By the host's resource; empty for most nics."""
    network = tx.networks.get(nic.network_id)
    return _of_policy(tx, policy_of(nic, network.qos_policy_id if network is not None else None))


def needed_on(tx: Transaction, network_id: NetworkId) -> dict[str, int]:
    """What a nic to be made on the network will need."""
    network = tx.networks.get(network_id)
    return _of_policy(tx, network.qos_policy_id if network is not None else None)


def promised_by(tx: Transaction, policy_ids: Set[str]) -> dict[str, dict[str, int]]:
    """The same for many policies, by their ids."""
    rules: dict[str, list[QosRule]] = {}
    for rule in tx.qos_rules.find(Query(filters=(is_in("policy_id", tuple(policy_ids)),))) if policy_ids else ():
        rules.setdefault(rule.policy_id, []).append(rule)
    return {policy_id: reserved(found) for policy_id, found in rules.items()}


def fits(tx: Transaction, host_id: HostId, amounts: dict[str, int]) -> bool:
    """Whether the host has so much to promise still."""
    for resource, amount in amounts.items():
        counter = tx.counters.get(host_scope(host_id), resource)
        if counter is None or counter.used + amount > counter.most:
            return False
    return True


def reserve(tx: Transaction, nic: Nic, host_id: HostId) -> None:
    """Raises NoCapacity when the host cannot promise it."""
    for resource, amount in needed_by(tx, nic).items():
        scope = host_scope(host_id)
        if not tx.counters.take(Allocation(consumer=nic.id, provider=scope, resource=resource, amount=amount)):
            raise NoCapacity("network", dropped=[f"{resource}:1"], hosts=1, **{f"wanted_{resource}": amount})


def reserve_anew(tx: Transaction, nic: Nic) -> None:
    """After a change of what it is guaranteed."""
    if nic.use == "instance" and nic.host_id is not None:
        release(tx, nic)
        reserve(tx, nic, nic.host_id)


def release(tx: Transaction, nic: Nic) -> None:
    tx.counters.give_back(nic.id, "host/")


def _of_policy(tx: Transaction, policy_id: str | None) -> dict[str, int]:
    return promised_by(tx, {policy_id}).get(policy_id, {}) if policy_id is not None else {}
