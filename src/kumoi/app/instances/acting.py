"""What may be done to an instance in which state, and the transaction that all of these acts share."""

from collections.abc import Callable
from typing import Final, Literal

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.writing import Thing, commit, mark_instance, project_status, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.conditions import Facts
from kumoi.core.errors import KumoiError, WrongState
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance, Status
from kumoi.core.policy import allow

Act = Literal[
    "start",
    "stop",
    "reboot",
    "hard_reboot",
    "pause",
    "unpause",
    "suspend",
    "resume",
    "rebuild",
    "rescue",
    "unrescue",
    "resize",
    "confirm_resize",
    "revert_resize",
    "shelve",
    "offload",
    "unshelve",
    "create_image",
]
# The way back is open while the way there is still being gone: nothing has to be waited for that may never come.
ALLOWED: Final[dict[Act, frozenset[Status]]] = {
    "start": frozenset({"stopped", "stopping"}),
    "stop": frozenset(
        {"active", "starting", "rebooting", "hard_rebooting", "error", "building", "pausing", "unpausing", "resuming",
         "suspending", "rebuilding", "rescuing", "unrescuing"}
    ),
    "reboot": frozenset({"active", "rebooting"}),
    "hard_reboot": frozenset(
        {"active", "rebooting", "hard_rebooting", "stopped", "error", "starting", "pausing", "paused", "unpausing",
         "suspending", "suspended", "resuming"}
    ),
    "pause": frozenset({"active"}),
    "unpause": frozenset({"paused", "pausing"}),
    "suspend": frozenset({"active"}),
    "resume": frozenset({"suspended", "suspending"}),
    "rebuild": frozenset({"active", "stopped", "error", "rebuilding"}),
    "rescue": frozenset({"active", "stopped", "error"}),
    "unrescue": frozenset({"rescued", "rescuing"}),
    "resize": frozenset({"active", "stopped"}),
    "confirm_resize": frozenset({"resized"}),
    "revert_resize": frozenset({"resized", "resizing"}),
    "shelve": frozenset({"active", "stopped", "paused", "suspended"}),
    "offload": frozenset({"shelved", "offloaded"}),
    "unshelve": frozenset({"shelved", "shelving", "offloaded"}),
    "create_image": frozenset({"active", "stopped", "paused", "suspended"}),
}  # fmt: skip
Change = Callable[[Transaction, Instance], Instance]


def act(
    house: House, call: Call, instance_id: InstanceId, name: Act, change: Change, *, strict: bool = True
) -> Instance:
    """Change the wish, and let the plan and the status follow. WrongState where the state forbids it.

    `strict` False: what is there already is no error (EC2's way).
    """
    allow(call, "instance.power")

    def write(tx: Transaction) -> Instance:
        one = visible(tx, call, instance_id)
        if not strict and one.refusal is None and one.status not in ALLOWED[name]:
            check_unlocked(call, one, name)
            return one
        check(call, one, name)
        changed = replace(change(tx, one), updated_at=call.now, marked_error=False)
        saved: Instance = tx.instances.save(project_status(tx, changed, call.now))
        mark_instance(tx, one.id)
        thing = Thing("instance", one.id, one.project_id)
        record(tx, house, call, f"instance.{name.removeprefix('hard_')}", thing, _told(one, saved))
        return saved

    return commit(house, write)


def _told(before: Instance, after: Instance) -> Facts:
    """What the event says besides what was done."""
    if before.flavor_id == after.flavor_id:
        return {}
    return {"flavor": after.flavor_id, "former_flavor": before.flavor_id}


def refusal(call: Call, one: Instance, name: Act) -> KumoiError | None:
    """What the door would say of it as it is now; None where it would act. For those who show what is possible."""
    try:
        allow(call, "instance.power")
        check(call, one, name)
    except KumoiError as e:
        return e
    return None


def check(call: Call, one: Instance, name: Act) -> None:
    said = name.removeprefix("hard_")
    check_unlocked(call, one, said)
    # Only a rebuild could help what was never placed, and it does not place.
    if one.status not in ALLOWED[name] or one.refusal is not None:
        raise WrongState("compute", kind="instance", id=one.id, status=one.status, action=said)
