"""What stands between one thing and what was wished of it, said as a condition. Pure.

An instance has `core.instances.condition_of`; this adds what only a look at its surroundings shows, and does the
same for nouns that no host reports on by name.
"""

from collections.abc import Sequence

import msgspec

from kumoi.core.backups import Backup
from kumoi.core.conditions import Blocked, Condition, Ready, Working
from kumoi.core.hosts import Host, state
from kumoi.core.images import Image
from kumoi.core.instances import Instance, Observation, condition_of
from kumoi.core.troubles import Trouble


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the plan and its section. `serial` None: control has not numbered it yet."""

    section: str
    entry: str
    serial: int | None
    present: bool
    newest: int


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What else is known of the thing: its hosts, its entries in the plan, what hosts say is wrong with it, and whether
    its user deleted it."""

    hosts: Sequence[Host] = ()
    plan: Sequence[Planned] = ()
    troubles: Sequence[Trouble] = ()
    deleted: bool = False


def of_instance(instance: Instance, seen: Observation | None, around: Surroundings, now: float) -> Condition:
    """A refusal first, then a host that is silent, then what the host says."""
    if around.deleted or instance.refusal is not None:
        return _plain(around, now) if around.deleted else condition_of(instance, seen) or Ready()
    found = _plain(around, now)
    if isinstance(found, Blocked):
        return found
    told = condition_of(instance, seen)
    if told is None or (isinstance(told, Working) and told.code == "waiting_for_host"):
        return found if isinstance(found, Working) else told or Ready()
    return told


def of_router(around: Surroundings, now: float, *, wanted: bool) -> Condition:
    """`wanted`: whether it has a leg, so that some host must run it."""
    if wanted and not around.hosts and not around.deleted:
        return Working(code="waiting_for_host")
    return _plain(around, now)


def of_image(image: Image, troubles: Sequence[Trouble] = ()) -> Condition:
    """An image is ready when its bytes are here and have been looked at. `troubles`: what a host says of its copy."""
    if image.deleted_at is not None:
        return Working(code="removing", since=image.deleted_at)
    if image.awaits_copy:
        return troubles[0].condition if troubles else Working(code="waiting_for_copy", since=image.created_at)
    if image.status == "killed" and image.is_copy:
        return Blocked(code="copy_refused", retry=False, who_can_help="user", since=image.updated_at)
    if image.status in {"queued", "saving", "uploading"}:
        return Working(code="waiting_for_data", since=image.created_at)
    if image.status == "importing":
        return Working(code="importing", since=image.updated_at)
    if image.status == "killed":
        return Blocked(code="data_refused", retry=False, who_can_help="user", since=image.updated_at)
    return Ready()


def of_backup(one: Backup, troubles: Sequence[Trouble] = ()) -> Condition:
    """A backup is ready when it is kept and was read back."""
    if one.deleted_at is not None:
        return Working(code="removing", since=one.deleted_at)
    if one.refusal is not None:
        code = "backup_without_volume" if one.refusal.code == "volume_gone" else "backup_refused"
        return Blocked(code=code, retry=False, who_can_help="user", since=one.refusal.at)
    if one.awaits_copy:
        return troubles[0].condition if troubles else Working(code="backing_up", since=one.created_at)
    return Ready()


def of_host(host: Host, now: float) -> Condition:
    """Lost and silent hosts are blocked, and those that halted to ask; a disabled one is as its operator wishes."""
    if state(host, now) == "up":
        return Blocked(code=host.halted, facts={"host": host.name}, retry=False) if host.halted else Ready()
    return Blocked(code=f"host_{state(host, now)}", facts={"host": host.name}, since=host.seen_at)


def of_other(around: Surroundings, now: float) -> Condition:
    """Whatever exists by its rows and its entries in the plan alone."""
    return _plain(around, now)


def _plain(around: Surroundings, now: float) -> Condition:
    silent = [h for h in around.hosts if state(h, now) != "up"]
    if silent:
        return of_host(silent[0], now)
    if around.troubles and not around.deleted:
        return max(around.troubles, key=lambda t: isinstance(t.condition, Blocked)).condition
    unplanned = [p for p in around.plan if p.serial is None or p.present == around.deleted]
    if unplanned:
        return Working(code="waiting_for_control", facts={"entry": unplanned[0].entry})
    if around.deleted and around.hosts:
        return Working(code="removing", facts={"host": around.hosts[0].name})
    return Ready()
