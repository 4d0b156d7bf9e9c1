"""Another size: started anew in it, and kept or taken back by its user.

On its own host, where its disk is. Until it is confirmed it holds the larger of both sizes, so the way back is always
open. A disk that has grown stays so: nobody can know what was written there.
"""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.acting import act
from kumoi.app.instances.amounts import give_to_host, give_to_quota, take_of_host, take_of_quota
from kumoi.app.instances.making import usable_flavor
from kumoi.app.instances.rebuild import reformed
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId, InstanceId
from kumoi.core.instances import Instance, Size


def resize(
    house: House, call: Call, instance_id: InstanceId, flavor_id: FlavorId, *, auto_disk: bool | None = None
) -> Instance:
    """Raises Invalid, QuotaExceeded, NoCapacity (of its host)."""

    def change(tx: Transaction, one: Instance) -> Instance:
        flavor = usable_flavor(tx, call, flavor_id)
        _check(one, flavor)
        vcpus, memory = flavor.vcpus - one.vcpus, flavor.memory_mib - one.memory_mib
        take_of_quota(tx, one, vcpus=vcpus, memory_mib=memory)
        own_disk = flavor.disk_gib - one.disk_gib if one.root_layer_id else 0  # else it has none
        take_of_host(tx, one, vcpus=vcpus, memory_mib=memory, disk_gib=own_disk)
        sized = _sized(one, _size_of(flavor))
        auto = one.auto_disk if auto_disk is None else auto_disk
        return replace(reformed(sized), before=_size(one), form_cause="resize", auto_disk=auto)

    return act(house, call, instance_id, "resize", change)


def confirm(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """It keeps its new size; what it took of its former one goes back."""

    def change(tx: Transaction, one: Instance) -> Instance:
        if one.before is not None:
            _give(tx, one, vcpus=one.before.vcpus - one.vcpus, memory_mib=one.before.memory_mib - one.memory_mib)
        return replace(one, before=None)

    return act(house, call, instance_id, "confirm_resize", change)


def revert(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """Started anew in its former size, on the disk as it is."""

    def change(tx: Transaction, one: Instance) -> Instance:
        before = one.before
        if before is None:
            return one
        _give(tx, one, vcpus=one.vcpus - before.vcpus, memory_mib=one.memory_mib - before.memory_mib)
        kept = replace(before, disk_gib=max(before.disk_gib, one.disk_gib))
        return replace(reformed(_sized(one, kept)), before=None, form_cause="revert")

    return act(house, call, instance_id, "revert_resize", change)


def _check(one: Instance, flavor: Flavor) -> None:
    if flavor.id == one.flavor_id:
        raise Invalid("compute", field="flavor", reason="same_flavor")
    if flavor.disk_gib < one.disk_gib:
        raise Invalid("compute", field="flavor", reason="disk_shrinks", needs=one.disk_gib, has=flavor.disk_gib)


def _give(tx: Transaction, one: Instance, *, vcpus: int, memory_mib: int) -> None:
    give_to_quota(tx, one, vcpus=vcpus, memory_mib=memory_mib)
    give_to_host(tx, one, vcpus=vcpus, memory_mib=memory_mib)


def _size(one: Instance) -> Size:
    return Size(
        flavor_id=one.flavor_id,
        flavor_name=one.flavor_name,
        vcpus=one.vcpus,
        memory_mib=one.memory_mib,
        disk_gib=one.disk_gib,
        extra_specs=one.extra_specs,
    )


def _size_of(flavor: Flavor) -> Size:
    return Size(
        flavor_id=flavor.id,
        flavor_name=flavor.name,
        vcpus=flavor.vcpus,
        memory_mib=flavor.memory_mib,
        disk_gib=flavor.disk_gib,
        extra_specs=flavor.extra_specs,
    )


def _sized(one: Instance, size: Size) -> Instance:
    return replace(
        one,
        flavor_id=size.flavor_id,
        flavor_name=size.flavor_name,
        vcpus=size.vcpus,
        memory_mib=size.memory_mib,
        disk_gib=size.disk_gib,
        extra_specs=size.extra_specs,
    )
