"""Shelving: off, and its host's CPUs and memory for others. Its disk stays where it is, so it comes back there.

Nothing is copied: it is as quick as stopping, and needs room on that one host when it is taken from the shelf.
"""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.acting import act
from kumoi.app.instances.amounts import give_to_host, take_of_host
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance
from kumoi.core.policy import allow


def shelve(house: House, call: Call, instance_id: InstanceId) -> Instance:
    def change(_tx: Transaction, one: Instance) -> Instance:
        return replace(one, power="off", rest="", shelf="shelved")

    return act(house, call, instance_id, "shelve", change)


def offload(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """Give back what it takes of its host but the disk. For administrators."""
    allow(call, "instance.offload")

    def change(tx: Transaction, one: Instance) -> Instance:
        give_to_host(tx, one, vcpus=one.vcpus, memory_mib=one.memory_mib)
        return replace(one, shelf="offloaded")

    return act(house, call, instance_id, "offload", change)


def unshelve(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """On again. NoCapacity where its host has given its room to others."""

    def change(tx: Transaction, one: Instance) -> Instance:
        if one.shelf == "offloaded":
            take_of_host(tx, one, vcpus=one.vcpus, memory_mib=one.memory_mib)
        return replace(one, power="on", run_wanted=one.run_wanted + 1, shelf="")

    return act(house, call, instance_id, "unshelve", change)
