"""Doors of limits: registered by administrators, read by whoever must keep to them."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity import kept
from kumoi.app.identity.catalog import Own
from kumoi.app.identity.kept import Noun, known
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, InUse, Invalid, NotFound
from kumoi.core.ids import LimitId, RegisteredLimitId, hex_id
from kumoi.core.limits import Limit, RegisteredLimit
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, any_of, eq

NAME_MOST = 255
LEAST = -1


def _unused(tx: Transaction, row_id: str) -> None:
    if found := tx.limits.find(Query(filters=(eq("registered_id", row_id),), limit=1)):
        raise InUse("identity", kind="registered_limit", id=row_id, by_kind="limit", by_id=found[0].id)


REGISTERED: Noun[RegisteredLimit] = Noun(
    kind="registered_limit", rows=lambda tx: tx.registered_limits, end=_unused, read="identity.read_own"
)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A limit by the names of what it limits."""

    service_id: str
    resource_name: str
    resource_limit: int
    region_id: str = ""
    project_id: str = ""
    domain_id: str = ""
    description: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    limit: Limit
    registered: RegisteredLimit


def register(house: House, call: Call, own: Own, wishes: list[RegisteredLimit]) -> list[RegisteredLimit]:
    """All or none. Taken when the resource is registered already; ids are chosen here."""
    allow(call, "identity.write")
    made = [replace(wish, id=RegisteredLimitId(hex_id(house.chance.uuid()))) for wish in wishes]

    def write(tx: Transaction) -> list[RegisteredLimit]:
        for one in made:
            _check(tx, own, one)
            tx.registered_limits.insert(one)
            record(tx, house, call, "registered_limit.create", Thing("registered_limit", one.id, ""))
        return made

    return house.store.write(write)


def change_registered(
    house: House, call: Call, own: Own, row_id: str, changes: dict[str, str | int]
) -> RegisteredLimit:
    """What is limited does not change while somebody has a limit of it."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> RegisteredLimit:
        old = known(tx, REGISTERED, row_id)
        new: RegisteredLimit = replace(old, **changes)
        if replace(new, default_limit=old.default_limit, description=old.description) != old:
            _unused(tx, row_id)
        _check(tx, own, new)
        record(tx, house, call, "registered_limit.update", Thing("registered_limit", row_id, ""))
        return tx.registered_limits.save(new)

    return house.store.write(write)


def create(house: House, call: Call, wishes: list[Wish]) -> list[Told]:
    """All or none. Forbidden (no_registered_limit) for what nobody registered; Taken for a second one."""
    allow(call, "identity.write")
    ids = [LimitId(hex_id(house.chance.uuid())) for _ in wishes]

    def write(tx: Transaction) -> list[Told]:
        return [_add(tx, house, call, row_id, wish) for row_id, wish in zip(ids, wishes, strict=True)]

    return house.store.write(write)


def find(house: House, call: Call, wanted: dict[str, str]) -> list[Told]:
    """The caller's own, of its project and its domain; everybody's for administrators. `wanted`: any of service_id,
    region_id, resource_name, project_id, domain_id."""
    allow(call, "identity.read_own")

    def read(tx: Transaction) -> list[Told]:
        registered = {one.id: one for one in tx.registered_limits.find(Query())}
        told = [Told(limit=one, registered=registered[one.registered_id]) for one in tx.limits.find(_seen(tx, call))]
        return [one for one in told if all(_field(one, name) == value for name, value in wanted.items())]

    return house.store.read(read)


def get(house: House, call: Call, limit_id: str) -> Told:
    for one in find(house, call, {}):
        if one.limit.id == limit_id:
            return one
    raise NotFound("identity", kind="limit", id=limit_id)


def change(house: House, call: Call, limit_id: str, changes: dict[str, str | int]) -> Told:
    """`changes`: any of resource_limit, description."""
    allow(call, "identity.write")
    old = get(house, call, limit_id)
    _check_number(int(changes.get("resource_limit", old.limit.resource_limit)))

    def write(tx: Transaction) -> Told:
        saved = tx.limits.save(replace(known(tx, LIMITS, limit_id), **changes))
        record(tx, house, call, "limit.update", Thing("limit", limit_id, saved.project_id))
        return replace(old, limit=saved)

    return house.store.write(write)


def delete(house: House, call: Call, limit_id: str) -> None:
    kept.delete(house, call, LIMITS, limit_id)


LIMITS: Noun[Limit] = Noun(kind="limit", rows=lambda tx: tx.limits)


def _add(tx: Transaction, house: House, call: Call, row_id: LimitId, wish: Wish) -> Told:
    _check_number(wish.resource_limit)
    if bool(wish.project_id) == bool(wish.domain_id):
        raise Invalid("identity", field="project_id", reason="one_of", names=["project_id", "domain_id"])
    if wish.project_id and tx.projects.get(wish.project_id) is None:
        raise NotFound("identity", kind="project", id=wish.project_id)
    if wish.domain_id and tx.domains.get(wish.domain_id) is None:
        raise NotFound("identity", kind="domain", id=wish.domain_id)
    named = (eq("service_id", wish.service_id), eq("resource_name", wish.resource_name))
    registered = tx.registered_limits.find(Query(filters=(*named, eq("region_id", wish.region_id))))
    if not registered:
        raise Forbidden(
            "identity", action="limit.create", needs=[], reason="no_registered_limit", name=wish.resource_name
        )
    made = Limit(
        id=row_id,
        registered_id=registered[0].id,
        resource_limit=wish.resource_limit,
        project_id=wish.project_id,
        domain_id=wish.domain_id,
        description=wish.description,
    )
    tx.limits.insert(made)
    record(tx, house, call, "limit.create", Thing("limit", row_id, wish.project_id))
    return Told(limit=made, registered=registered[0])


def _seen(tx: Transaction, call: Call) -> Query:
    if may(call, "identity.read"):
        return Query()
    project = tx.projects.get(call.actor.project_id) if call.actor.project_id else None
    domain_id = project.domain_id if project is not None else call.actor.domain_id
    nobody = "-"
    return Query(
        filters=(any_of(eq("project_id", project.id if project else nobody), eq("domain_id", domain_id or nobody)),)
    )


def _field(told: Told, name: str) -> str:
    holder = told.limit if name in {"project_id", "domain_id"} else told.registered
    return str(getattr(holder, name))


def _check(tx: Transaction, own: Own, one: RegisteredLimit) -> None:
    if one.service_id not in own.services and tx.services.get(one.service_id) is None:
        raise Invalid("identity", field="service_id", reason="no_such_thing", value=one.service_id)
    if one.region_id not in {"", own.region} and tx.regions.get(one.region_id) is None:
        raise Invalid("identity", field="region_id", reason="no_such_thing", value=one.region_id)
    if not 0 < len(one.resource_name) <= NAME_MOST:
        raise Invalid("identity", field="resource_name", reason="length", bound=f"from 1 to {NAME_MOST}")
    _check_number(one.default_limit)


def _check_number(number: int) -> None:
    if not LEAST <= number < 2**31:
        raise Invalid("identity", field="resource_limit", reason="range", bound=f"from {LEAST} to {2**31 - 1}")
