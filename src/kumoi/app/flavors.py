"""Doors of flavors."""

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, Taken
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, eq

MOST = 2**31 - 1


def get(house: House, call: Call, flavor_id: FlavorId) -> Flavor:
    allow(call, "flavor.read")
    found = house.store.read(lambda tx: tx.flavors.get(flavor_id))
    if found is None or not (found.public or may(call, "flavor.create")):
        raise NotFound("compute", kind="flavor", id=flavor_id)
    return found


def find(house: House, call: Call, query: Query) -> list[Flavor]:
    """Public ones; all for those who may make them."""
    allow(call, "flavor.read")
    if not may(call, "flavor.create"):
        query = query.where(eq("public", value=True))
    return house.store.read(lambda tx: tx.flavors.find(query))


def create(house: House, call: Call, flavor: Flavor) -> Flavor:
    """`id` and `name` must both be new."""
    allow(call, "flavor.create")
    for field, value, least in (
        ("vcpus", flavor.vcpus, 1),
        ("ram", flavor.memory_mib, 1),
        ("disk", flavor.disk_gib, 0),
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


def delete(house: House, call: Call, flavor_id: FlavorId) -> None:
    """Instances keep the numbers they were made with."""
    allow(call, "flavor.delete")

    def write(tx: Transaction) -> None:
        if not tx.flavors.remove(flavor_id):
            raise NotFound("compute", kind="flavor", id=flavor_id)
        record(tx, house, call, "flavor.delete", Thing("flavor", flavor_id, ""))

    house.store.write(write)
