"""Roles and what they imply: their doors. The built-in ones are code; nobody changes them."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.names import check_name
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound, Taken
from kumoi.core.ids import RoleId, hex_id
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.roles import BUILT_IN, IMPLIED, Implication, Role, implication, implied_roles

NAME_MOST = 255


def find(house: House, call: Call, name: str | None = None, domain_id: str = "") -> list[Role]:
    """Those of a domain's own, or (without a domain) those of the whole cloud, by name."""
    allow(call, "identity.read_own")
    wanted = Query(filters=(eq("domain_id", domain_id), *([] if name is None else [eq("name", name)])))
    made = house.store.read(lambda tx: tx.roles.find(wanted))
    built_in = [] if domain_id else [role for role in BUILT_IN.values() if name in {None, role.name}]
    return sorted([*built_in, *made], key=lambda role: role.name)


def get(house: House, call: Call, role_id: RoleId) -> Role:
    allow(call, "identity.read_own")
    return house.store.read(lambda tx: known(tx, role_id))


def create(house: House, call: Call, wish: Role) -> Role:
    """`wish.id` is chosen here."""
    allow(call, "identity.write")
    check_name("name", wish.name, NAME_MOST)
    made = replace(wish, id=RoleId(hex_id(house.chance.uuid())), created_at=call.now)

    def write(tx: Transaction) -> Role:
        if made.domain_id and tx.domains.get(made.domain_id) is None:
            raise NotFound("identity", kind="domain", id=made.domain_id)
        _check_free(tx, made)
        tx.roles.insert(made)
        record(tx, house, call, "role.create", Thing("role", made.id, ""), {"name": made.name})
        return made

    return house.store.write(write)


def update(house: House, call: Call, role_id: RoleId, changes: dict[str, str | bool]) -> Role:
    """`changes`: any of name, description, immutable. What is immutable must first be made not so."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> Role:
        old = known(tx, role_id)
        if role_id in BUILT_IN or (old.immutable and changes != {"immutable": False}):
            raise _immutable("role.update", role_id)
        new: Role = replace(old, **changes)
        check_name("name", new.name, NAME_MOST)
        _check_free(tx, new)
        record(tx, house, call, "role.update", Thing("role", role_id, ""))
        return tx.roles.save(new)

    return house.store.write(write)


def delete(house: House, call: Call, role_id: RoleId) -> None:
    """With it goes whatever was assigned or implied by it: from the next request on, no token has it."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        if known(tx, role_id).immutable:
            raise _immutable("role.delete", role_id)
        end_role(tx, role_id)
        record(tx, house, call, "role.delete", Thing("role", role_id, ""))

    house.store.write(write)


def end_role(tx: Transaction, role_id: RoleId) -> None:
    for held in tx.assignments.find(Query(filters=(eq("role", role_id),))):
        tx.assignments.remove(held.id)
    for side in ("prior", "implied"):
        for one in tx.implications.find(Query(filters=(eq(side, role_id),))):
            tx.implications.remove(one.id)
    tx.roles.remove(role_id)


def imply(house: House, call: Call, prior: RoleId, implied: RoleId) -> tuple[Role, Role]:
    """Who has `prior` shall have `implied`. Nothing may imply administrators, a domain's own role, or itself."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> tuple[Role, Role]:
        first, second = known(tx, prior), known(tx, implied)
        if implied == "admin" or second.domain_id:
            raise Forbidden("identity", action="role.imply", needs=[], reason="no_implication", name=second.name)
        if prior in implied_roles({implied}, tx.implications.find(Query())):
            raise Invalid("identity", field="implied_role_id", reason="implies_itself", value=first.name)
        if implied not in IMPLIED.get(prior, ()) and tx.implications.get(f"{prior}/{implied}") is None:
            tx.implications.insert(implication(prior, implied))
            record(tx, house, call, "role.imply", Thing("role", prior, ""), {"implied": implied})
        return first, second

    return house.store.write(write)


def imply_no_more(house: House, call: Call, prior: RoleId, implied: RoleId) -> None:
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        if implied in IMPLIED.get(prior, ()):
            raise _immutable("role.imply", prior)
        if not tx.implications.remove(f"{prior}/{implied}"):
            raise NotFound("identity", kind="implied_role", id=f"{prior}/{implied}")
        record(tx, house, call, "role.imply_no_more", Thing("role", prior, ""), {"implied": implied})

    house.store.write(write)


def implications(house: House, call: Call) -> list[tuple[Role, list[Role]]]:
    """Every role that implies something, with what it implies directly, by name."""
    allow(call, "identity.read_own")

    def read(tx: Transaction) -> list[tuple[Role, list[Role]]]:
        fixed = (implication(RoleId(p), RoleId(i)) for p, implied in IMPLIED.items() for i in implied)
        pairs: list[Implication] = [*fixed, *tx.implications.find(Query())]
        roles = {r.id: r for r in (*BUILT_IN.values(), *tx.roles.find(Query()))}
        found: dict[RoleId, list[Role]] = {}
        for pair in pairs:
            found.setdefault(pair.prior, []).append(roles[pair.implied])
        told = [(roles[prior], sorted(implied, key=lambda role: role.name)) for prior, implied in found.items()]
        return sorted(told, key=lambda one: one[0].name)

    return house.store.read(read)


def implied_by(house: House, call: Call, prior: RoleId) -> tuple[Role, list[Role]]:
    """A role, and what it implies directly."""
    role = get(house, call, prior)
    return next((one for one in implications(house, call) if one[0].id == prior), (role, []))


def implied(house: House, call: Call, prior: RoleId, implied_id: RoleId) -> tuple[Role, Role]:
    """Both, where the one implies the other directly. NotFound where it does not."""
    role, lesser = implied_by(house, call, prior)
    for one in lesser:
        if one.id == implied_id:
            return role, one
    raise NotFound("identity", kind="implied_role", id=f"{prior}/{implied_id}")


def known(tx: Transaction, role_id: RoleId) -> Role:
    """A role by its key."""
    found = BUILT_IN.get(role_id) or tx.roles.get(role_id)
    if found is None:
        raise NotFound("identity", kind="role", id=role_id)
    return found


def _check_free(tx: Transaction, role: Role) -> None:
    same = tx.roles.find(Query(filters=(eq("name", role.name), eq("domain_id", role.domain_id))))
    if any(r.id != role.id for r in same) or (not role.domain_id and role.name in BUILT_IN):
        raise Taken("identity", kind="role", name=role.name)


def _immutable(action: str, role_id: str) -> Forbidden:
    return Forbidden("identity", action=action, needs=[], reason="immutable", kind="role", id=role_id)
