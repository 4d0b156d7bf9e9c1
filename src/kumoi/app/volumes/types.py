"""Doors of volume types: the types themselves, and which of them a volume may be made of."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import type_access
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.conditions import Facts
from kumoi.core.errors import InUse, Invalid, NotFound, Unsupported, WrongState
from kumoi.core.events import Label
from kumoi.core.ids import ProjectId, VolumeTypeId
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, alive, any_of, eq
from kumoi.core.volume_types import DEFAULT_TYPE, VolumeType

DEFAULTS = "default_volume_type"  # the namespace of projects' labels
_KEY = "id"


def get(house: House, call: Call, id_or_name: str) -> VolumeType:
    allow(call, "volume_type.read")
    return house.store.read(lambda tx: visible(tx, call, id_or_name))


def find(house: House, call: Call, query: Query) -> list[VolumeType]:
    """Public ones, and those that were opened to the caller's project; all for those who may make them."""
    allow(call, "volume_type.read")
    if may(call, "volume_type.create"):
        return house.store.read(lambda tx: tx.volume_types.find(query))

    def read(tx: Transaction) -> list[VolumeType]:
        found = tx.volume_types.find(replace(query, limit=None))  # there are few
        opened = type_access.opened(tx, call, tuple(found))
        return [t for t in found if t.public or t.id in opened][: query.limit]

    return house.store.read(read)


def visible(tx: Transaction, call: Call, id_or_name: str) -> VolumeType:
    """NotFound for one that is neither public, nor open to the caller's project, nor for an administrator to see."""
    named = tx.volume_types.find(Query(filters=(any_of(eq("id", id_or_name), eq("name", id_or_name)),)))
    for one in sorted(named, key=lambda t: t.id != id_or_name):  # an id before a name
        if one.public or may(call, "volume_type.create") or type_access.opened(tx, call, (one,)):
            return one
    raise NotFound("storage", kind="volume_type", id=id_or_name)


def usable(tx: Transaction, call: Call, id_or_name: str) -> VolumeType:
    """The type that a new volume asks for, or the project's default for an empty one.

    Unsupported for one whose volumes are to be encrypted: they would not be.
    """
    found = visible(tx, call, id_or_name) if id_or_name else default(tx, call.actor.project_id)
    if found.encryption is not None:
        raise Unsupported("storage", what="encryption")
    return found


def default(tx: Transaction, project_id: ProjectId | None) -> VolumeType:
    """Of the project, or of the cloud."""
    for label in tx.labels.of("project", (project_id or "",), DEFAULTS):
        found = tx.volume_types.get(label.value)
        if found is not None:
            return found
    return tx.volume_types.get(DEFAULT_TYPE.id) or DEFAULT_TYPE


def create(house: House, call: Call, wish: VolumeType) -> VolumeType:
    """The wish's id is not looked at. Taken when the name exists."""
    allow(call, "volume_type.create")
    made = replace(wish, id=VolumeTypeId(house.chance.uuid()), created_at=call.now, updated_at=call.now)

    def write(tx: Transaction) -> None:
        tx.volume_types.insert(made)
        record(tx, house, call, "volume_type.create", Thing("volume_type", made.id, ""), {"name": made.name})

    house.store.write(write)
    return made


def update(
    house: House,
    call: Call,
    type_id: VolumeTypeId,
    *,
    name: str | None = None,
    description: str | None = None,
    public: bool | None = None,
) -> VolumeType:
    """What is None stays. Taken when another has the name."""
    allow(call, "volume_type.update")

    def write(tx: Transaction) -> VolumeType:
        now = by_id(tx, type_id)
        then = replace(
            now,
            name=now.name if name is None else name,
            description=now.description if description is None else description,
            public=now.public if public is None else public,
        )
        return save(tx, house, call, then)

    return house.store.write(write)


def delete(house: House, call: Call, type_id: VolumeTypeId) -> None:
    """WrongState for one that is somebody's default."""
    allow(call, "volume_type.delete")

    def write(tx: Transaction) -> None:
        by_id(tx, type_id)
        check_unused(tx, type_id)
        if type_id == DEFAULT_TYPE.id or type_id in _defaults(tx).values():
            raise WrongState("storage", kind="volume_type", id=type_id, status="default", action="delete")
        tx.volume_types.remove(type_id)
        tx.labels.drop("volume_type", type_id)
        record(tx, house, call, "volume_type.delete", Thing("volume_type", type_id, ""))

    house.store.write(write)


# --- defaults of projects -----------------------------------------------------------------------------


def defaults(house: House, call: Call) -> dict[ProjectId, VolumeTypeId]:
    """The projects that have a default of their own."""
    allow(call, "volume_type.update")
    return house.store.read(_defaults)


def set_default(house: House, call: Call, project_id: ProjectId, id_or_name: str | None) -> VolumeTypeId | None:
    """None: the cloud's again. Returns the type's id."""
    allow(call, "volume_type.update")
    row_id = house.chance.uuid()

    def write(tx: Transaction) -> VolumeTypeId | None:
        if tx.projects.get(project_id) is None:
            raise Invalid("storage", field="project_id", reason="no_such_project", value=project_id)
        tx.labels.drop("project", project_id, DEFAULTS)
        chosen = None if id_or_name is None else visible(tx, call, id_or_name).id
        if chosen is not None:
            tx.labels.put(
                Label(id=row_id, kind="project", resource_id=project_id, namespace=DEFAULTS, key=_KEY, value=chosen)
            )
        facts: Facts = {"default_of": project_id}
        record(tx, house, call, "volume_type.update", Thing("volume_type", chosen or DEFAULT_TYPE.id, ""), facts)
        return chosen

    return house.store.write(write)


def _defaults(tx: Transaction) -> dict[ProjectId, VolumeTypeId]:
    projects = tuple(p.id for p in tx.projects.find(Query()))
    return {
        ProjectId(label.resource_id): VolumeTypeId(label.value) for label in tx.labels.of("project", projects, DEFAULTS)
    }


# --- for the doors beside -----------------------------------------------------------------------------


def by_id(tx: Transaction, type_id: VolumeTypeId) -> VolumeType:
    """For administrators: any. NotFound."""
    found = tx.volume_types.get(type_id)
    if found is None:
        raise NotFound("storage", kind="volume_type", id=type_id)
    return found


def check_unused(tx: Transaction, type_id: VolumeTypeId) -> None:
    """InUse while a volume is of this type."""
    for volume in tx.volumes.find(Query(filters=(eq("type_id", type_id), alive()), limit=1)):
        raise InUse("storage", kind="volume_type", id=type_id, by_kind="volume", by_id=volume.id)


def save(tx: Transaction, house: House, call: Call, then: VolumeType) -> VolumeType:
    record(tx, house, call, "volume_type.update", Thing("volume_type", then.id, ""))
    return tx.volume_types.save(replace(then, updated_at=call.now))
