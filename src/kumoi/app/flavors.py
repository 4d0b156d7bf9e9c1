"""Doors of flavors: the sizes themselves, their extra specs, and which projects may use one that is not public."""

from collections.abc import Callable

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, Taken, WrongState
from kumoi.core.events import Label
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId, ProjectId
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, eq

MOST = 2**31 - 1
ACCESS = "access"  # the namespace of labels whose keys are projects


def get(house: House, call: Call, flavor_id: FlavorId) -> Flavor:
    allow(call, "flavor.read")
    return house.store.read(lambda tx: visible(tx, call, flavor_id))


def visible(tx: Transaction, call: Call, flavor_id: FlavorId) -> Flavor:
    """NotFound for one that is neither public, nor open to the caller's project, nor for an administrator to see."""
    found = tx.flavors.get(flavor_id)
    if found is None or not usable(tx, call, found):
        raise NotFound("compute", kind="flavor", id=flavor_id)
    return found


def usable(tx: Transaction, call: Call, flavor: Flavor) -> bool:
    """Whether the caller may see it and run instances of it."""
    return flavor.public or may(call, "flavor.create") or bool(_opened(tx, call, (flavor,)))


def find(house: House, call: Call, query: Query) -> list[Flavor]:
    """Public ones, and those that were opened to the caller's project; all for those who may make them."""
    allow(call, "flavor.read")
    if may(call, "flavor.create"):
        return house.store.read(lambda tx: tx.flavors.find(query))

    def read(tx: Transaction) -> list[Flavor]:
        found = tx.flavors.find(replace(query, limit=None))  # there are few
        opened = _opened(tx, call, tuple(found))
        return [f for f in found if f.public or f.id in opened][: query.limit]

    return house.store.read(read)


def _opened(tx: Transaction, call: Call, flavors: tuple[Flavor, ...]) -> set[str]:
    """Which of these flavors were opened to the caller's project."""
    private = tuple(f.id for f in flavors if not f.public)
    return {label.resource_id for label in tx.labels.of("flavor", private, ACCESS) if label.key == call.project_id}


def create(house: House, call: Call, flavor: Flavor) -> Flavor:
    """`id` and `name` must both be new."""
    allow(call, "flavor.create")
    for field, value, least in (
        ("vcpus", flavor.vcpus, 1),
        ("ram", flavor.memory_mib, 1),
        ("disk", flavor.disk_gib, 0),
        ("swap", flavor.swap_mib, 0),
        ("ephemeral", flavor.ephemeral_gib, 0),
    ):
        if not least <= value <= MOST:
            raise Invalid("compute", field=field, reason="range", bound=f"from {least} to {MOST}")

    def write(tx: Transaction) -> None:
        if tx.flavors.get(flavor.id) is not None:
            raise Taken("compute", kind="flavor", name=flavor.id)
        if tx.flavors.find(Query(filters=(eq("name", flavor.name),))):
            raise Taken("compute", kind="flavor", name=flavor.name)
        tx.flavors.insert(flavor)
        record(tx, house, call, "flavor.create", Thing("flavor", flavor.id, ""), {"name": flavor.name})

    house.store.write(write)
    return flavor


def describe(house: House, call: Call, flavor_id: FlavorId, description: str) -> Flavor:
    """The one thing of a flavor that may change: instances were made with the rest."""
    allow(call, "flavor.update")

    def write(tx: Transaction) -> Flavor:
        flavor = visible(tx, call, flavor_id)
        record(tx, house, call, "flavor.update", Thing("flavor", flavor_id, ""))
        return tx.flavors.save(replace(flavor, description=description))

    return house.store.write(write)


def delete(house: House, call: Call, flavor_id: FlavorId) -> None:
    """Instances keep the numbers they were made with."""
    allow(call, "flavor.delete")

    def write(tx: Transaction) -> None:
        if not tx.flavors.remove(flavor_id):
            raise NotFound("compute", kind="flavor", id=flavor_id)
        tx.labels.drop("flavor", flavor_id)
        record(tx, house, call, "flavor.delete", Thing("flavor", flavor_id, ""))

    house.store.write(write)


def put_specs(house: House, call: Call, flavor_id: FlavorId, specs: dict[str, str]) -> Flavor:
    """Set these extra specs; the others stay."""
    allow(call, "flavor.update")
    return _respecified(house, call, flavor_id, lambda now: {**now, **specs})


def drop_spec(house: House, call: Call, flavor_id: FlavorId, key: str) -> Flavor:
    """NotFound when the flavor has no such spec."""
    allow(call, "flavor.update")

    def without(now: dict[str, str]) -> dict[str, str]:
        if key not in now:
            raise NotFound("compute", kind="extra_spec", id=key)
        return {k: v for k, v in now.items() if k != key}

    return _respecified(house, call, flavor_id, without)


def _respecified(
    house: House, call: Call, flavor_id: FlavorId, change: Callable[[dict[str, str]], dict[str, str]]
) -> Flavor:
    def write(tx: Transaction) -> Flavor:
        flavor = visible(tx, call, flavor_id)
        record(tx, house, call, "flavor.update", Thing("flavor", flavor_id, ""))
        return tx.flavors.save(replace(flavor, extra_specs=change(flavor.extra_specs)))

    return house.store.write(write)


def access(house: House, call: Call, flavor_id: FlavorId) -> list[ProjectId]:
    """The projects that a flavor that is not public is open to. NotFound for a public one: all may use it."""
    allow(call, "flavor.update")

    def read(tx: Transaction) -> list[ProjectId]:
        if visible(tx, call, flavor_id).public:
            raise NotFound("compute", kind="flavor_access", id=flavor_id)
        return _access(tx, flavor_id)

    return house.store.read(read)


def open_to(house: House, call: Call, flavor_id: FlavorId, project_id: ProjectId) -> list[ProjectId]:
    """Taken when it is open to the project already."""
    allow(call, "flavor.update")
    row_id = house.chance.uuid()

    def write(tx: Transaction) -> list[ProjectId]:
        if visible(tx, call, flavor_id).public:
            raise WrongState("compute", kind="flavor", id=flavor_id, status="public", action="add_access")
        if tx.projects.get(project_id) is None:
            raise Invalid("compute", field="tenant", reason="no_such_project", value=project_id)
        if project_id in _access(tx, flavor_id):
            raise Taken("compute", kind="flavor_access", name=project_id)
        tx.labels.put(
            Label(id=row_id, kind="flavor", resource_id=flavor_id, namespace=ACCESS, key=project_id, value="")
        )
        record(tx, house, call, "flavor.update", Thing("flavor", flavor_id, ""), {"opened_to": project_id})
        return _access(tx, flavor_id)

    return house.store.write(write)


def close_to(house: House, call: Call, flavor_id: FlavorId, project_id: ProjectId) -> list[ProjectId]:
    """NotFound when it was not open to the project."""
    allow(call, "flavor.update")

    def write(tx: Transaction) -> list[ProjectId]:
        visible(tx, call, flavor_id)
        if not tx.labels.drop("flavor", flavor_id, ACCESS, project_id):
            raise NotFound("compute", kind="flavor_access", id=project_id)
        record(tx, house, call, "flavor.update", Thing("flavor", flavor_id, ""), {"closed_to": project_id})
        return _access(tx, flavor_id)

    return house.store.write(write)


def _access(tx: Transaction, flavor_id: FlavorId) -> list[ProjectId]:
    return sorted(ProjectId(label.key) for label in tx.labels.of("flavor", (flavor_id,), ACCESS))
