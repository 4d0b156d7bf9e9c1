"""Shelving: off, and once it is seen to be off, its host's CPUs and memory are for others.

Its disk stays where it is, so it comes back there: nothing is copied, it is as quick as stopping, and it needs room on
that one host when it is taken from the shelf.
"""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.acting import act
from kumoi.app.instances.amounts import give_to_host, host_of, take_of_host
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import NoCapacity, WrongState
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance
from kumoi.core.policy import allow


def shelve(house: House, call: Call, instance_id: InstanceId) -> Instance:
    def change(tx: Transaction, one: Instance) -> Instance:
        shelved = replace(one, power="off", rest="", shelf="shelved")
        return offloaded(tx, shelved) if one.status == "stopped" else shelved

    return act(house, call, instance_id, "shelve", change)


def offload(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """What is done by itself anyhow. For administrators."""
    allow(call, "instance.offload")
    return act(house, call, instance_id, "offload", offloaded)


def offloaded(tx: Transaction, one: Instance) -> Instance:
    """It takes no more of its host than its disk. Once is enough."""
    if one.shelf == "offloaded":
        return one
    give_to_host(tx, one, vcpus=one.vcpus, memory_mib=one.memory_mib)
    return replace(one, shelf="offloaded")


def unshelve(
    house: House, call: Call, instance_id: InstanceId, *, zone: str | None = None, host_name: str = ""
) -> Instance:
    """On again. NoCapacity where its host has given its room to others, or another place than its own is named.

    `zone`: pin it to this one from now on, or (empty) to none; WrongState for one that keeps its room still.
    """
    if host_name:
        allow(call, "instance.choose_host")

    def change(tx: Transaction, one: Instance) -> Instance:
        if (zone is not None or host_name) and one.shelf != "offloaded":
            raise WrongState("compute", kind="instance", id=one.id, status=one.status, action="unshelve")
        _check_place(tx, one, zone or "", host_name)
        if one.shelf == "offloaded":
            take_of_host(tx, one, vcpus=one.vcpus, memory_mib=one.memory_mib)
        pinned = one.zone_wanted if zone is None else zone
        return replace(one, power="on", run_wanted=one.run_wanted + 1, shelf="", zone_wanted=pinned)

    return act(house, call, instance_id, "unshelve", change)


def _check_place(tx: Transaction, one: Instance, zone: str, host_name: str) -> None:
    """Whether what is named is where its disk is."""
    host = tx.hosts.get(host_of(tx, one) or "")
    if zone not in {"", one.zone}:
        raise NoCapacity("compute", hosts=1, dropped=["zone:1"], would_fit=[])
    if host_name and (host is None or host.name != host_name):
        raise NoCapacity("compute", hosts=1, dropped=["host_name:1"], would_fit=[])
