"""Instances: what the user wishes, where they are placed, what was seen, and the status that follows from these."""

from typing import Literal

import msgspec

from kumoi.core.aggregates import ZONE
from kumoi.core.conditions import Blocked, Condition, Facts, Working
from kumoi.core.ids import (
    FlavorId,
    HostId,
    ImageId,
    InstanceId,
    LayerId,
    PlacementId,
    ProjectId,
    ServerGroupId,
    UserId,
    VolumeId,
)

Power = Literal["on", "off"]
SeenPower = Literal["running", "paused", "suspended", "off", "missing"]
Rest = Literal["", "paused", "suspended"]
Reform = Literal["", "rebuild", "resize", "revert", "rescue", "unrescue"]
Shelf = Literal["", "shelved", "offloaded"]
EndedBy = Literal["", "guest", "crash", "plan", "host"]
PlacementRole = Literal["run", "incoming", "outgoing", "held"]
Status = Literal[
    "building",
    "active",
    "stopping",
    "stopped",
    "starting",
    "rebooting",
    "hard_rebooting",
    "pausing",
    "paused",
    "unpausing",
    "suspending",
    "suspended",
    "resuming",
    "rebuilding",
    "resizing",
    "resized",
    "reverting",
    "rescuing",
    "rescued",
    "unrescuing",
    "shelving",
    "shelved",
    "offloaded",
    "error",
    "deleted",
]
TRANSIENT: frozenset[Status] = frozenset(
    {
        "building",
        "stopping",
        "starting",
        "rebooting",
        "hard_rebooting",
        "pausing",
        "unpausing",
        "suspending",
        "resuming",
        "rebuilding",
        "resizing",
        "reverting",
        "rescuing",
        "unrescuing",
        "shelving",
    }
)
_REFORMING: dict[Reform, Status] = {
    "": "starting",
    "rebuild": "rebuilding",
    "resize": "resizing",
    "revert": "reverting",
    "rescue": "rescuing",
    "unrescue": "unrescuing",
}


Hints = dict[str, str | list[str]]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why an accepted instance was never placed: an error code of `core.errors` and its facts."""

    code: str
    facts: Facts
    at: float


class Rescue(msgspec.Struct, frozen=True, kw_only=True):
    """What a broken instance is started from instead. `stable`: its own disk stays the first one."""

    image_id: ImageId
    layer_id: LayerId
    stable: bool = False


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """A flavor's numbers as an instance had them: what it goes back to when its resize is reverted."""

    flavor_id: FlavorId
    flavor_name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    extra_specs: dict[str, str] = {}


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """Intent (writer: doors), and the projection `status`, `status_changed_at` (writer: `status_of` by the store's
    callers).

    Counters, not commands: `run_wanted` rises with every start, `reboot_wanted` with every reboot. The flavor's
    numbers are copied, so that a changed flavor changes no running instance. `user_data` is base64 text.

    `rest`: how one that is on is to stand still. `form_wanted` rises whenever a guest must be started anew to become
    what its row says, for `form_cause`. `root_number`: of its root disk; a rebuild makes another one. `before`: its
    size until its resize is confirmed. `shelf`: shelved is off, offloaded has given back its host's CPUs and memory.
    `zone`: that of its host; `zone_wanted`: what was asked for, empty for any. `hints`: what else was said of its
    place. `extra_specs` and `image_properties` are those of its flavor and image as they were when it was made of them.
    `marked_error`: an operator said so; whoever acts on it takes the mark away.
    `files`: put in place by the guest itself, base64 by path; a rebuild forgets them.
    `auto_disk`: what OpenStack's clients call disk_config, kept for them; a guest grows its file system by itself.
    """

    id: InstanceId
    project_id: ProjectId
    user_id: UserId
    name: str
    hostname: str
    flavor_id: FlavorId
    flavor_name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    image_id: ImageId
    root_layer_id: LayerId
    ec2_key: str
    reservation_id: str
    power: Power = "on"
    run_wanted: int = 1
    reboot_wanted: int = 0
    reboot_hard: bool = False
    launch_index: int = 0
    keypair_name: str = ""
    public_key: str = ""
    user_data: str = ""
    config_drive: bool = False
    files: dict[str, str] = {}
    description: str = ""
    zone: str = ZONE
    zone_wanted: str = ""
    server_group_id: ServerGroupId = ServerGroupId("")
    hints: Hints = {}
    extra_specs: dict[str, str] = {}
    image_properties: dict[str, str] = {}
    locked: bool = False
    locked_reason: str = ""
    rest: Rest = ""
    form_wanted: int = 0
    form_cause: Reform = ""
    root_number: int = 0
    rescue: Rescue | None = None
    before: Size | None = None
    shelf: Shelf = ""
    auto_disk: bool = False
    marked_error: bool = False
    access_ip_v4: str = ""
    access_ip_v6: str = ""
    refusal: Refusal | None = None
    status: Status = "building"
    status_changed_at: float = 0.0
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """An instance on a host in a role; two rows while it moves."""

    id: PlacementId
    instance_id: InstanceId
    host_id: HostId
    role: PlacementRole = "run"
    epoch: int = 1
    created_at: float = 0.0


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """The last thing a host said of an instance (writer: the link). `id` is the instance's.

    `runs_done`: the run that is going on or ended last; `ended_by` says how it ended, empty while it goes on.
    `forms_done`: the form that it was started in. `volumes`: those that were in the guest.
    """

    id: InstanceId
    host_id: HostId
    power: SeenPower
    runs_done: int = 0
    reboots_done: int = 0
    forms_done: int = 0
    ended_by: EndedBy = ""
    condition: Condition | None = None
    volumes: tuple[VolumeId, ...] = ()
    first_running_at: float = 0.0
    reported_at: float = 0.0


def status_of(instance: Instance, seen: Observation | None) -> Status:
    """The one status function: pure, total, the same for every tongue."""
    if instance.deleted_at is not None:
        return "deleted"
    if instance.refusal is not None or instance.marked_error:
        return "error"
    running = seen is not None and seen.power in {"running", "paused"}
    if instance.power == "off":
        return _off(instance, running=running)
    asleep = seen is not None and seen.power == "suspended"
    if seen is not None and isinstance(seen.condition, Blocked) and not (running or asleep):
        return "error"
    if seen is None or seen.first_running_at == 0.0:
        return "building"
    if instance.form_wanted > seen.forms_done:
        return _REFORMING[instance.form_cause]
    if not running:
        return ("suspended" if instance.rest == "suspended" else "resuming") if asleep else "starting"
    return _up(instance, seen)


def _off(instance: Instance, *, running: bool) -> Status:
    """Of one that is wished off."""
    if instance.shelf:
        return "shelving" if running else instance.shelf
    if running:
        return "stopping"
    return "resized" if instance.before is not None else "stopped"


def _up(instance: Instance, seen: Observation) -> Status:
    """Of one that is wished on, and on."""
    if instance.reboot_wanted > seen.reboots_done:
        return "hard_rebooting" if instance.reboot_hard else "rebooting"
    if instance.rest == "suspended":
        return "suspending"
    if instance.rest == "paused":
        return "paused" if seen.power == "paused" else "pausing"
    if seen.power == "paused" and not isinstance(seen.condition, Blocked):
        return "unpausing"
    if instance.rescue is not None:
        return "rescued"
    return "active" if instance.before is None else "resized"


def condition_of(instance: Instance, seen: Observation | None) -> Condition | None:
    """What stands between wish and world, if anything is known of it."""
    if instance.refusal is not None:
        return Blocked(
            code=instance.refusal.code,
            facts=instance.refusal.facts,
            retry=False,
            who_can_help="operator",
            since=instance.refusal.at,
        )
    if instance.marked_error:
        since = instance.status_changed_at
        return Blocked(code="marked_error", retry=False, who_can_help="operator", since=since)
    if seen is None or seen.condition is None:
        if status_of(instance, seen) in TRANSIENT:
            return Working(code="waiting_for_host", since=instance.status_changed_at)
        return None
    return seen.condition
