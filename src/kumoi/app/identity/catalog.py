"""What is in the catalog beside the cloud's own: the doors of an administrator, and the reading of it for tokens.

Which services are the cloud's own is told by whoever serves them (`Own`): those nobody changes.
"""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.names import check_name
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.catalog import OtherEndpoint, OtherRegion, OtherService
from kumoi.core.errors import Forbidden, InUse, Invalid, NotFound, Taken
from kumoi.core.ids import EndpointId, ServiceId, hex_id
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq

NAME_MOST = 255


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of the cloud's own services and endpoints, and its region."""

    services: frozenset[str]
    endpoints: frozenset[str]
    region: str


class Others(msgspec.Struct, frozen=True, kw_only=True):
    services: list[OtherService]
    endpoints: list[OtherEndpoint]
    regions: list[OtherRegion]


def others(house: House, call: Call) -> Others:
    """All that was entered. The catalog is no secret: who can sign in is told it."""
    allow(call, "identity.read_own")
    return house.store.read(entered)


def entered(tx: Transaction) -> Others:
    """The same for a token that is being given: nobody calls yet."""
    by_id = Query(order=(Order("id"),))
    return Others(
        services=tx.services.find(Query(order=(Order("name"), Order("id")))),
        endpoints=tx.endpoints.find(by_id),
        regions=tx.regions.find(by_id),
    )


def create_service(house: House, call: Call, wish: OtherService) -> OtherService:
    """`wish.id` is chosen here."""
    allow(call, "identity.write")
    check_name("type", wish.type, NAME_MOST)
    made = replace(wish, id=ServiceId(hex_id(house.chance.uuid())))

    def write(tx: Transaction) -> OtherService:
        tx.services.insert(made)
        record(tx, house, call, "service.create", Thing("service", made.id, ""), {"type": made.type})
        return made

    return house.store.write(write)


def update_service(house: House, call: Call, own: Own, service_id: str, changes: dict[str, str | bool]) -> OtherService:
    """`changes`: any of type, name, description, enabled."""
    allow(call, "identity.write")
    _check_own("service", service_id, own.services)

    def write(tx: Transaction) -> OtherService:
        new: OtherService = replace(_service(tx, service_id), **changes)
        check_name("type", new.type, NAME_MOST)
        record(tx, house, call, "service.update", Thing("service", service_id, ""))
        return tx.services.save(new)

    return house.store.write(write)


def delete_service(house: House, call: Call, own: Own, service_id: str) -> None:
    """With its endpoints."""
    allow(call, "identity.write")
    _check_own("service", service_id, own.services)

    def write(tx: Transaction) -> None:
        _service(tx, service_id)
        for endpoint in tx.endpoints.find(Query(filters=(eq("service_id", service_id),))):
            tx.endpoints.remove(endpoint.id)
        tx.services.remove(service_id)
        record(tx, house, call, "service.delete", Thing("service", service_id, ""))

    house.store.write(write)


def create_endpoint(house: House, call: Call, own: Own, wish: OtherEndpoint) -> OtherEndpoint:
    """`wish.id` is chosen here; a region that is not there yet is made."""
    allow(call, "identity.write")
    made = replace(wish, id=EndpointId(hex_id(house.chance.uuid())))

    def write(tx: Transaction) -> OtherEndpoint:
        _check_endpoint(tx, own, made)
        tx.endpoints.insert(made)
        record(tx, house, call, "endpoint.create", Thing("endpoint", made.id, ""), {"url": made.url})
        return made

    return house.store.write(write)


def update_endpoint(
    house: House, call: Call, own: Own, endpoint_id: str, changes: dict[str, str | bool]
) -> OtherEndpoint:
    """`changes`: any of service_id, interface, url, region_id, enabled."""
    allow(call, "identity.write")
    _check_own("endpoint", endpoint_id, own.endpoints)

    def write(tx: Transaction) -> OtherEndpoint:
        new: OtherEndpoint = replace(_endpoint(tx, endpoint_id), **changes)
        _check_endpoint(tx, own, new)
        record(tx, house, call, "endpoint.update", Thing("endpoint", endpoint_id, ""))
        return tx.endpoints.save(new)

    return house.store.write(write)


def delete_endpoint(house: House, call: Call, own: Own, endpoint_id: str) -> None:
    allow(call, "identity.write")
    _check_own("endpoint", endpoint_id, own.endpoints)

    def write(tx: Transaction) -> None:
        _endpoint(tx, endpoint_id)
        tx.endpoints.remove(endpoint_id)
        record(tx, house, call, "endpoint.delete", Thing("endpoint", endpoint_id, ""))

    house.store.write(write)


def create_region(house: House, call: Call, own: Own, wish: OtherRegion) -> OtherRegion:
    """With an id of the caller's choice, or (empty) one that is chosen here."""
    allow(call, "identity.write")
    made = replace(wish, id=wish.id or hex_id(house.chance.uuid()))
    check_name("id", made.id, NAME_MOST)

    def write(tx: Transaction) -> OtherRegion:
        if made.id == own.region or tx.regions.get(made.id) is not None:
            raise Taken("identity", kind="region", name=made.id)
        _check_parent(tx, own, made)
        tx.regions.insert(made)
        record(tx, house, call, "region.create", Thing("region", made.id, ""))
        return made

    return house.store.write(write)


def update_region(house: House, call: Call, own: Own, region_id: str, changes: dict[str, str]) -> OtherRegion:
    """`changes`: any of description, parent_id."""
    allow(call, "identity.write")
    _check_own("region", region_id, frozenset({own.region}))

    def write(tx: Transaction) -> OtherRegion:
        new: OtherRegion = replace(_region(tx, region_id), **changes)
        _check_parent(tx, own, new)
        record(tx, house, call, "region.update", Thing("region", region_id, ""))
        return tx.regions.save(new)

    return house.store.write(write)


def delete_region(house: House, call: Call, own: Own, region_id: str) -> None:
    """InUse while an endpoint or another region is in it."""
    allow(call, "identity.write")
    _check_own("region", region_id, frozenset({own.region}))

    def write(tx: Transaction) -> None:
        _region(tx, region_id)
        for kind, found in (
            ("endpoint", [e.id for e in tx.endpoints.find(Query(filters=(eq("region_id", region_id),)))]),
            ("region", [r.id for r in tx.regions.find(Query(filters=(eq("parent_id", region_id),)))]),
        ):
            if found:
                raise InUse("identity", kind="region", id=region_id, by_kind=kind, by_id=found[0])
        tx.regions.remove(region_id)
        record(tx, house, call, "region.delete", Thing("region", region_id, ""))

    house.store.write(write)


def _check_own(kind: str, row_id: str, own: frozenset[str]) -> None:
    if row_id in own:
        raise Forbidden("identity", action=f"{kind}.update", needs=[], reason="immutable", kind=kind, id=row_id)


def _check_endpoint(tx: Transaction, own: Own, endpoint: OtherEndpoint) -> None:
    if endpoint.service_id not in own.services and tx.services.get(endpoint.service_id) is None:
        raise Invalid("identity", field="service_id", reason="no_such_thing", value=endpoint.service_id)
    if "://" not in endpoint.url:
        raise Invalid("identity", field="url", reason="format")
    if endpoint.region_id not in {"", own.region} and tx.regions.get(endpoint.region_id) is None:
        tx.regions.insert(OtherRegion(id=endpoint.region_id))


def _check_parent(tx: Transaction, own: Own, region: OtherRegion) -> None:
    """It must be there, and not in this one."""
    parent_id = region.parent_id
    while parent_id not in {"", own.region}:
        if parent_id == region.id:
            raise Invalid("identity", field="parent_region_id", reason="in_itself", value=parent_id)
        parent_id = _region(tx, parent_id).parent_id


def _service(tx: Transaction, row_id: str) -> OtherService:
    found = tx.services.get(row_id)
    if found is None:
        raise NotFound("identity", kind="service", id=row_id)
    return found


def _endpoint(tx: Transaction, row_id: str) -> OtherEndpoint:
    found = tx.endpoints.get(row_id)
    if found is None:
        raise NotFound("identity", kind="endpoint", id=row_id)
    return found


def _region(tx: Transaction, row_id: str) -> OtherRegion:
    found = tx.regions.get(row_id)
    if found is None:
        raise NotFound("identity", kind="region", id=row_id)
    return found
