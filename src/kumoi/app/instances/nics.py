"""Nics of instances: chosen or made for one, put into it, taken out. Its host follows, also while it runs."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.instances.wish import NicChoice
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.auto_network import networks_for
from kumoi.app.networks.nic_doors import check_place
from kumoi.app.networks.nics import NicWish, drop_nic, make_nic, plug, unplug
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound, WrongState
from kumoi.core.ids import GroupId, HostId, InstanceId, NicId
from kumoi.core.instances import Instance, Status
from kumoi.core.nics import MOST_OF_INSTANCE, Nic
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq

PLUGGABLE: frozenset[Status] = frozenset({"active", "stopped"})


def attach(house: House, call: Call, instance_id: InstanceId, choice: NicChoice, slot: int | None = None) -> Nic:
    """`slot` None: the first free one. Raises WrongState, NotFound, InUse (the nic, the slot), Invalid, NoAddress."""
    allow(call, "instance.update")

    def write(tx: Transaction) -> Nic:
        one = _pluggable(tx, call, instance_id, "attach_nic")
        there = nics_of(tx, one.id)
        chosen = choose(tx, house, call, choice)
        nic = plug(tx, house, chosen, one.id, _home(tx, one), slot=_slot(one, there, slot))
        record(tx, house, call, "instance.attach_nic", Thing("instance", one.id, one.project_id), {"nic_id": nic.id})
        return nic

    return commit(house, write)


def detach(house: House, call: Call, instance_id: InstanceId, nic_id: NicId, *, first: bool = True) -> None:
    """One that was made with the instance is deleted. `first` False: EC2's way, the one in slot 0 stays (InUse)."""
    allow(call, "instance.update")

    def write(tx: Transaction) -> None:
        one = _pluggable(tx, call, instance_id, "detach_nic")
        nic = next((nic for nic in nics_of(tx, one.id) if nic.id == nic_id), None)
        if nic is None:
            raise NotFound("network", kind="nic", id=nic_id)
        if nic.slot == 0 and not first:
            raise InUse("network", kind="first_nic", id=nic.id, by_kind="instance", by_id=one.id)
        if nic.made_with_instance:
            drop_nic(tx, house, call, nic)
        else:
            unplug(tx, nic)
        record(tx, house, call, "instance.detach_nic", Thing("instance", one.id, one.project_id), {"nic_id": nic.id})

    commit(house, write)


def choose(
    tx: Transaction, house: House, call: Call, choice: NicChoice, groups: tuple[GroupId, ...] | None = None
) -> Nic:
    """The nic that is named, or a new one, on the project's only network where none is named.

    `groups` are a new one's where the choice names none. Its tag is of the instance, and not stored before it is in it.
    """
    if choice.nic_id is not None:
        nic = tx.nics.get(choice.nic_id)
        if nic is None or nic.deleted_at is not None or nic.project_id != call.project_id:
            raise NotFound("network", kind="nic", id=choice.nic_id)
        return replace(nic, tag=choice.tag)
    network_id = choice.network_id
    if network_id is None:
        only = only_network(tx, call)
        if not only or only[0].network_id is None:
            raise Invalid("network", field="networks", reason="missing", name="networks")
        network_id = only[0].network_id
    wish = NicWish(
        network_id=network_id,
        fixed_ips=_fixed(choice),
        group_ids=groups if choice.group_ids is None else choice.group_ids,
        description=choice.description,
        made_with_instance=not choice.keep,
    )
    check_place(tx, call, wish)
    return replace(make_nic(tx, house, call, wish), tag=choice.tag)


def only_network(tx: Transaction, call: Call) -> tuple[NicChoice, ...]:
    """The project's network, its own or a shared one; none is no nic at all, several are refused."""
    found = networks_for(tx, call, 2)
    if len(found) > 1:
        raise Invalid("network", field="networks", reason="several_networks")
    return tuple(NicChoice(network_id=n.id) for n in found)


def nics_of(tx: Transaction, instance_id: InstanceId) -> list[Nic]:
    return tx.nics.find(Query(filters=(eq("instance_id", instance_id), alive())))


def _fixed(choice: NicChoice) -> tuple[FixedWish, ...] | None:
    if choice.subnet_id is None and choice.fixed_ip is None:
        return None
    return (FixedWish(subnet_id=choice.subnet_id, address=choice.fixed_ip),)


def _pluggable(tx: Transaction, call: Call, instance_id: InstanceId, action: str) -> Instance:
    one = visible(tx, call, instance_id)
    check_unlocked(call, one, action)
    if one.status not in PLUGGABLE:
        raise WrongState("compute", kind="instance", id=one.id, status=one.status, action=action)
    return one


def _home(tx: Transaction, one: Instance) -> HostId | None:
    placed = tx.placements.find(Query(filters=(eq("instance_id", one.id), eq("role", "run"))))
    return placed[0].host_id if placed else None


def _slot(one: Instance, there: list[Nic], wished: int | None) -> int:
    taken = {nic.slot: nic for nic in there}
    if wished is not None and not 0 <= wished < MOST_OF_INSTANCE:
        raise Invalid("compute", field="slot", reason="range", bound=f"from 0 to {MOST_OF_INSTANCE - 1}", value=wished)
    if wished in taken:
        raise InUse("compute", kind="slot", id=str(wished), by_kind="nic", by_id=taken[wished].id)
    free = (slot for slot in range(MOST_OF_INSTANCE) if slot not in taken)
    slot = next(free, None) if wished is None else wished
    if slot is None:
        raise Invalid("compute", field="networks", reason="too_many", most=MOST_OF_INSTANCE)
    return slot
