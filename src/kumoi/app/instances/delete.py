"""Delete: gone for its user at once; its host lets go when it has proved it."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.copying import abandon
from kumoi.app.instances.consoles import revoke_consoles
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.networks.nics import drop_nic, unplug
from kumoi.app.writing import Thing, mark_instance, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import WrongState
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq


def restore(house: House, call: Call, instance_id: InstanceId) -> None:
    """Nothing is kept of what is deleted, so nothing comes back: WrongState of one that lives, NotFound of others."""
    allow(call, "instance.power")
    one = house.store.read(lambda tx: visible(tx, call, instance_id))
    raise WrongState("compute", kind="instance", id=one.id, status=one.status, action="restore")


def delete(house: House, call: Call, instance_id: InstanceId, *, strict: bool = True) -> Instance:
    """Quota comes back now; addresses, marks and the host's room when its absence is proved.

    `strict` False: one that is gone already, but not forgotten, is no error (EC2's way).
    """
    allow(call, "instance.delete")

    def write(tx: Transaction) -> Instance:
        one = visible(tx, call, instance_id, deleted=not strict)
        if one.deleted_at is not None:
            return one
        check_unlocked(call, one, "delete")
        for nic in tx.nics.find(Query(filters=(eq("instance_id", one.id), alive()))):
            if nic.made_with_instance:
                drop_nic(tx, house, call, nic)
            else:
                unplug(tx, nic)
        tx.counters.give_back(one.id, "project/")
        gone = tx.instances.save(
            replace(one, deleted_at=call.now, updated_at=call.now, status="deleted", status_changed_at=call.now)
        )
        revoke_consoles(tx, one.id)
        abandon(tx, house, call, one.id)
        mark_instance(tx, one.id)
        record(tx, house, call, "instance.delete", Thing("instance", one.id, one.project_id))
        return gone

    done = house.store.write(write)
    house.hints.publish("marks", "")
    return done
