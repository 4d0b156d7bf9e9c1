"""Changes to an instance that its host need not act on, and its labels."""

from collections.abc import Mapping

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.instances.wish import NAME_MOST
from kumoi.app.quota_defaults import check_single
from kumoi.app.writing import Thing, mark_instance, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import NotFound, QuotaExceeded, WrongState
from kumoi.core.events import Label
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance
from kumoi.core.names import check_name
from kumoi.core.policy import allow

LABELS_MOST = 128  # of the other namespaces: metadata has a quota
METADATA = "metadata"  # the namespace of labels that Nova's lock protects


def update(house: House, call: Call, instance_id: InstanceId, changes: dict[str, str | bool]) -> Instance:
    """`changes`: any of name, description, access_ip_v4, access_ip_v6, hostname, auto_disk, zone_wanted. A name leaves
    the host name as it is."""
    allow(call, "instance.update")
    check_name(str(changes.get("name", "x")), NAME_MOST)

    def write(tx: Transaction) -> Instance:
        one = visible(tx, call, instance_id)
        _check_pin(one, str(changes.get("zone_wanted", one.zone_wanted)))
        saved: Instance = tx.instances.save(replace(one, updated_at=call.now, **changes))
        mark_instance(tx, one.id)
        record(tx, house, call, "instance.update", Thing("instance", one.id, one.project_id))
        return saved

    return house.store.write(write)


def _check_pin(one: Instance, zone: str) -> None:
    """An instance is pinned to the zone in which it is, or to none; from one to another by way of none."""
    if zone and zone != one.zone_wanted and (one.zone_wanted or zone != one.zone):
        raise WrongState("compute", kind="instance", id=one.id, status=f"in {one.zone}", action="pin")


def put_labels(
    house: House, call: Call, instance_id: InstanceId, namespace: str, labels: Mapping[str, str], *, whole: bool
) -> dict[str, str]:
    """Set labels of a namespace; `whole`: those that are not named go. Returns all of the namespace.

    WrongState for the metadata of a locked one.
    """
    allow(call, "instance.update")

    def write(tx: Transaction) -> dict[str, str]:
        one = _labelled(tx, house, call, instance_id, namespace)
        return put_labels_of(tx, house, one, namespace, labels, whole=whole)

    return house.store.write(write)


def put_labels_of(
    tx: Transaction, house: House, one: Instance, namespace: str, labels: Mapping[str, str], *, whole: bool
) -> dict[str, str]:
    """The same within a door's transaction; marks and records are the door's."""
    if whole:
        tx.labels.drop("instance", one.id, namespace)
    for key, value in labels.items():
        row_id = house.chance.uuid()
        tx.labels.put(Label(id=row_id, kind="instance", resource_id=one.id, namespace=namespace, key=key, value=value))
    now = {label.key: label.value for label in tx.labels.of("instance", (one.id,), namespace)}
    if namespace == METADATA:
        check_single(tx, one.project_id, "metadata_items", len(now))
    elif len(now) > LABELS_MOST:
        raise QuotaExceeded("quota", resource=namespace, wanted=len(labels), used=len(now), limit=LABELS_MOST)
    return now


def drop_label(house: House, call: Call, instance_id: InstanceId, namespace: str, key: str) -> None:
    """NotFound when it is not there. WrongState for the metadata of a locked one."""
    allow(call, "instance.update")

    def write(tx: Transaction) -> None:
        one = _labelled(tx, house, call, instance_id, namespace)
        if not tx.labels.drop("instance", one.id, namespace, key):
            raise NotFound("compute", kind="label", id=key)

    house.store.write(write)


def _labelled(tx: Transaction, house: House, call: Call, instance_id: InstanceId, namespace: str) -> Instance:
    """The instance whose labels are about to change: its guest may ask for them."""
    one = visible(tx, call, instance_id)
    if namespace == METADATA:
        check_unlocked(call, one, "update")
    mark_instance(tx, one.id)
    record(tx, house, call, "instance.update", Thing("instance", one.id, one.project_id), {"labels": namespace})
    return tx.instances.save(replace(one, updated_at=call.now))


def lock(house: House, call: Call, instance_id: InstanceId, *, locked: bool, reason: str = "") -> Instance:
    """While locked, only administrators may start, stop, reboot or delete it or change its metadata, until somebody of
    its project unlocks it. Name, description and tags are free (Nova's rule). Twice is harmless."""
    allow(call, "instance.update")

    def write(tx: Transaction) -> Instance:
        one = visible(tx, call, instance_id)
        name = "lock" if locked else "unlock"
        record(tx, house, call, f"instance.{name}", Thing("instance", one.id, one.project_id))
        return tx.instances.save(replace(one, locked=locked, locked_reason=reason, updated_at=call.now))

    return house.store.write(write)
