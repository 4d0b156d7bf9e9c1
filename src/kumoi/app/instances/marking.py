"""What an operator says of an instance's state, and what other services tell of it."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.writing import Thing, commit, mark_instance, project_status, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance
from kumoi.core.policy import allow


class OuterEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to an instance's network or volume, by the word of who looks after that."""

    instance_id: InstanceId
    name: str


def mark(house: House, call: Call, instance_id: InstanceId, *, error: bool) -> Instance:
    """Say that it is in error, so that users leave it alone or make it anew; or take that back: then it is what is
    seen. Twice is harmless. Nothing changes at its host."""
    allow(call, "instance.mark")

    def write(tx: Transaction) -> Instance:
        one = visible(tx, call, instance_id)
        marked = replace(one, marked_error=error, updated_at=call.now)
        record(tx, house, call, "instance.mark", Thing("instance", one.id, one.project_id), {"error": error})
        return tx.instances.save(project_status(tx, marked, call.now))

    return commit(house, write)


def look_again(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """Have its plan made anew. Hosts are told of every change anyhow: this is for who does not trust that."""
    allow(call, "instance.mark")

    def write(tx: Transaction) -> Instance:
        one = visible(tx, call, instance_id)
        check_unlocked(call, one, "look_again")
        mark_instance(tx, one.id)
        record(tx, house, call, "instance.look_again", Thing("instance", one.id, one.project_id))
        return one

    return commit(house, write)


def take_events(house: House, call: Call, events: Sequence[OuterEvent]) -> list[bool | None]:
    """Have the plans of these made anew. For each: whether its instance is on a host; None where there is no such
    instance."""
    allow(call, "instance.outer_events")

    def write(tx: Transaction) -> list[bool | None]:
        found: list[bool | None] = []
        for event in events:
            one = tx.instances.get(event.instance_id)
            if one is None or one.deleted_at is not None:
                found.append(None)
                continue
            found.append(one.refusal is None)
            mark_instance(tx, one.id)
            thing = Thing("instance", one.id, one.project_id)
            record(tx, house, call, "instance.outer_event", thing, {"name": event.name})
        return found

    return commit(house, write)
