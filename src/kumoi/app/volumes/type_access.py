"""Doors of a volume type's access: the projects that one that is not public is open to."""

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.conditions import Facts
from kumoi.core.errors import NotFound, Taken, WrongState
from kumoi.core.events import Label
from kumoi.core.ids import ProjectId, VolumeTypeId
from kumoi.core.policy import allow
from kumoi.core.volume_types import VolumeType

ACCESS = "access"  # the namespace of labels whose keys are projects


def opened(tx: Transaction, call: Call, types: tuple[VolumeType, ...]) -> set[str]:
    """Which of these types were opened to the caller's project."""
    private = tuple(t.id for t in types if not t.public)
    labels = tx.labels.of("volume_type", private, ACCESS)
    return {label.resource_id for label in labels if label.key == call.actor.project_id}


def access(house: House, call: Call, type_id: VolumeTypeId) -> list[ProjectId]:
    """NotFound for a public one: all may use it."""
    allow(call, "volume_type.update")

    def read(tx: Transaction) -> list[ProjectId]:
        if _named(tx, type_id).public:
            raise NotFound("storage", kind="volume_type_access", id=type_id)
        return _access(tx, type_id)

    return house.store.read(read)


def open_to(house: House, call: Call, type_id: VolumeTypeId, project_id: ProjectId) -> None:
    """Taken when it is open to the project already; WrongState for a public one."""
    allow(call, "volume_type.update")
    row_id = house.chance.uuid()

    def write(tx: Transaction) -> None:
        _check_private(tx, type_id)
        if project_id in _access(tx, type_id):
            raise Taken("storage", kind="volume_type_access", name=project_id)
        tx.labels.put(
            Label(id=row_id, kind="volume_type", resource_id=type_id, namespace=ACCESS, key=project_id, value="")
        )
        _record(tx, house, call, type_id, {"opened_to": project_id})

    house.store.write(write)


def close_to(house: House, call: Call, type_id: VolumeTypeId, project_id: ProjectId) -> None:
    """NotFound when it was not open to the project."""
    allow(call, "volume_type.update")

    def write(tx: Transaction) -> None:
        _check_private(tx, type_id)
        if not tx.labels.drop("volume_type", type_id, ACCESS, project_id):
            raise NotFound("storage", kind="volume_type_access", id=project_id)
        _record(tx, house, call, type_id, {"closed_to": project_id})

    house.store.write(write)


def _named(tx: Transaction, type_id: VolumeTypeId) -> VolumeType:
    found = tx.volume_types.get(type_id)
    if found is None:
        raise NotFound("storage", kind="volume_type", id=type_id)
    return found


def _check_private(tx: Transaction, type_id: VolumeTypeId) -> None:
    if _named(tx, type_id).public:
        raise WrongState("storage", kind="volume_type", id=type_id, status="public", action="change_access")


def _access(tx: Transaction, type_id: VolumeTypeId) -> list[ProjectId]:
    return sorted(ProjectId(label.key) for label in tx.labels.of("volume_type", (type_id,), ACCESS))


def _record(tx: Transaction, house: House, call: Call, type_id: VolumeTypeId, facts: Facts) -> None:
    record(tx, house, call, "volume_type.update", Thing("volume_type", type_id, ""), facts)
