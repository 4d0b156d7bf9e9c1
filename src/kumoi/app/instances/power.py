"""Power: start, stop, reboot. Each changes the wish and its counters; the host follows."""

from collections.abc import Callable
from typing import Final, Literal

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.writing import Thing, mark_instance, project_status, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError, WrongState
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance, Status
from kumoi.core.policy import allow

Act = Literal["start", "stop", "reboot", "hard_reboot"]
ALLOWED: Final[dict[Act, frozenset[Status]]] = {
    "start": frozenset({"stopped", "stopping"}),
    "stop": frozenset({"active", "starting", "rebooting", "hard_rebooting", "error", "building"}),
    "reboot": frozenset({"active", "rebooting"}),
    "hard_reboot": frozenset({"active", "rebooting", "hard_rebooting", "stopped", "error", "starting"}),
}


def start(house: House, call: Call, instance_id: InstanceId, *, strict: bool = True) -> Instance:
    """Wish it on. WrongState unless it is off (`strict` False: nothing to do is no error, EC2's way)."""

    def change(one: Instance) -> Instance:
        return replace(one, power="on", run_wanted=one.run_wanted + 1)

    return _act(house, call, instance_id, "start", change, strict=strict)


def stop(house: House, call: Call, instance_id: InstanceId, *, strict: bool = True) -> Instance:
    """Wish it off; the guest is asked first, its power is cut after the host's deadline."""

    def change(one: Instance) -> Instance:
        return replace(one, power="off")

    return _act(house, call, instance_id, "stop", change, strict=strict)


def reboot(house: House, call: Call, instance_id: InstanceId, *, hard: bool) -> Instance:
    """Wish one more reboot. A hard one also brings back an instance that is off or in error."""

    def change(one: Instance) -> Instance:
        if one.power == "off":
            return replace(one, power="on", run_wanted=one.run_wanted + 1)
        return replace(one, reboot_wanted=one.reboot_wanted + 1, reboot_hard=hard)

    return _act(house, call, instance_id, "hard_reboot" if hard else "reboot", change)


def refusal(call: Call, one: Instance, act: Act) -> KumoiError | None:
    """What the door would say of it as it is now; None where it would act. For those who show what is possible."""
    try:
        allow(call, "instance.power")
        _check(call, one, act)
    except KumoiError as e:
        return e
    return None


def _check(call: Call, one: Instance, act: Act) -> None:
    name = act.removeprefix("hard_")
    check_unlocked(call, one, name)
    if one.status not in ALLOWED[act] or one.refusal is not None:
        raise WrongState("compute", kind="instance", id=one.id, status=one.status, action=name)


def _act(
    house: House,
    call: Call,
    instance_id: InstanceId,
    act: Act,
    change: Callable[[Instance], Instance],
    *,
    strict: bool = True,
) -> Instance:
    allow(call, "instance.power")

    def write(tx: Transaction) -> Instance:
        one = visible(tx, call, instance_id)
        if not strict and one.refusal is None and one.status not in ALLOWED[act]:
            check_unlocked(call, one, act)
            return one
        _check(call, one, act)
        changed = replace(change(one), updated_at=call.now)
        saved = tx.instances.save(project_status(tx, changed, call.now))
        mark_instance(tx, one.id)
        thing = Thing("instance", one.id, one.project_id)
        record(tx, house, call, f"instance.{act.removeprefix('hard_')}", thing)
        return saved

    done = house.store.write(write)
    house.hints.publish("marks", "")
    return done
