"""Power: start, stop, reboot. Each changes the wish and its counters; the host follows."""

from collections.abc import Callable

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.writing import Thing, mark_instance, project_status, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import WrongState
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance, Status
from kumoi.core.policy import allow


def start(house: House, call: Call, instance_id: InstanceId, *, strict: bool = True) -> Instance:
    """Wish it on. WrongState unless it is off (`strict` False: nothing to do is no error, EC2's way)."""

    def change(one: Instance) -> Instance:
        return replace(one, power="on", run_wanted=one.run_wanted + 1)

    return _act(house, call, instance_id, _Act("start", frozenset({"stopped", "stopping"}), strict, change))


def stop(house: House, call: Call, instance_id: InstanceId, *, strict: bool = True) -> Instance:
    """Wish it off; the guest is asked first, its power is cut after the host's deadline."""

    def change(one: Instance) -> Instance:
        return replace(one, power="off")

    allowed: frozenset[Status] = frozenset({"active", "starting", "rebooting", "hard_rebooting", "error", "building"})
    return _act(house, call, instance_id, _Act("stop", allowed, strict, change))


def reboot(house: House, call: Call, instance_id: InstanceId, *, hard: bool) -> Instance:
    """Wish one more reboot. A hard one also brings back an instance that is off or in error."""

    def change(one: Instance) -> Instance:
        if one.power == "off":
            return replace(one, power="on", run_wanted=one.run_wanted + 1)
        return replace(one, reboot_wanted=one.reboot_wanted + 1, reboot_hard=hard)

    allowed: set[Status] = {"active", "rebooting"}
    if hard:
        allowed |= {"hard_rebooting", "stopped", "error", "starting"}
    return _act(house, call, instance_id, _Act("reboot", frozenset(allowed), True, change))


class _Act:
    __slots__ = ("allowed", "change", "name", "strict")

    def __init__(
        self, name: str, allowed: frozenset[Status], strict: bool, change: Callable[[Instance], Instance]
    ) -> None:
        self.name = name
        self.allowed = allowed
        self.strict = strict
        self.change = change


def _act(house: House, call: Call, instance_id: InstanceId, act: _Act) -> Instance:
    allow(call, "instance.power")

    def write(tx: Transaction) -> Instance:
        one = visible(tx, call, instance_id)
        check_unlocked(call, one, act.name)
        if one.status not in act.allowed or one.refusal is not None:
            if not act.strict and one.refusal is None:
                return one
            raise WrongState("compute", kind="instance", id=one.id, status=one.status, action=act.name)
        changed = replace(act.change(one), updated_at=call.now)
        saved = tx.instances.save(project_status(tx, changed, call.now))
        mark_instance(tx, one.id)
        record(tx, house, call, f"instance.{act.name}", Thing("instance", one.id, one.project_id))
        return saved

    done = house.store.write(write)
    house.hints.publish("marks", "")
    return done
