"""Trusts: their doors. Made by the trustor, seen by both, ended by the trustor; administrators may see and end all."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.application_credentials import check_expiry, chosen_roles, some_roles
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.delegation import Trust
from kumoi.core.errors import Forbidden, Invalid, NotFound
from kumoi.core.ids import ProjectId, TrustId, UserId, hex_id
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, eq
from kumoi.core.roles import Role

REDELEGATIONS_MOST = 3


class TrustWish(msgspec.Struct, frozen=True, kw_only=True):
    """`roles`: keys or names. `redelegations` None: none allowed."""

    trustor_id: UserId
    trustee_id: UserId
    project_id: ProjectId
    roles: tuple[str, ...]
    impersonation: bool
    expires_at: float | None = None
    remaining_uses: int | None = None
    redelegations: int = 0


def create(house: House, call: Call, wish: TrustWish) -> Trust:
    """By a token of the trustor's own in that project; by a trust's token it is chained behind that trust."""
    allow(call, "trust.create")
    _check(call, wish)
    trust_id = TrustId(hex_id(house.chance.uuid()))

    def write(tx: Transaction) -> Trust:
        if tx.users.get(wish.trustee_id) is None:
            raise NotFound("identity", kind="user", id=wish.trustee_id)
        parent = _parent(tx, call, wish)
        roles = chosen_roles(tx, call, wish.roles)
        made = Trust(
            id=trust_id,
            trustor_id=wish.trustor_id,
            trustee_id=wish.trustee_id,
            project_id=wish.project_id,
            roles=tuple(role.id for role in roles),
            impersonation=wish.impersonation,
            expires_at=wish.expires_at,
            remaining_uses=wish.remaining_uses,
            redelegations=parent.redelegations - 1 if parent else wish.redelegations,
            parent_id=parent.id if parent else "",
            created_at=call.now,
        )
        tx.trusts.insert(made)
        thing = Thing("trust", made.id, made.project_id)
        record(tx, house, call, "trust.create", thing, {"trustee": made.trustee_id})
        return made

    return house.store.write(write)


def find(house: House, call: Call, trustor_id: str | None = None, trustee_id: str | None = None) -> list[Trust]:
    """By one side, which is the caller's own, or (administrators) all."""
    allow(call, "identity.read_own")
    if call.actor.user_id not in {trustor_id, trustee_id}:
        allow(call, "identity.read")
    sides = (("trustor_id", trustor_id), ("trustee_id", trustee_id))
    wanted = Query(filters=tuple(eq(field, value) for field, value in sides if value is not None))
    return house.store.read(lambda tx: tx.trusts.find(wanted))


def get(house: House, call: Call, trust_id: TrustId) -> tuple[Trust, tuple[Role, ...]]:
    """With the roles that it hands on. NotFound for who is on neither side."""
    allow(call, "identity.read_own")

    def read(tx: Transaction) -> tuple[Trust, tuple[Role, ...]]:
        found = _known(tx, call, trust_id)
        return found, some_roles(tx, found.roles)

    return house.store.read(read)


def delete(house: House, call: Call, trust_id: TrustId) -> None:
    """And all that are chained behind it; their tokens are worth nothing from then on."""
    allow(call, "trust.delete")

    def write(tx: Transaction) -> None:
        gone = _known(tx, call, trust_id)
        if call.actor.user_id != gone.trustor_id and not may(call, "credential.all"):
            raise Forbidden("identity", action="trust.delete", needs=["owner"])
        end_trust(tx, gone)
        record(tx, house, call, "trust.delete", Thing("trust", trust_id, gone.project_id))

    house.store.write(write)


def end_trust(tx: Transaction, gone: Trust) -> None:
    for child in tx.trusts.find(Query(filters=(eq("parent_id", gone.id),))):
        end_trust(tx, child)
    tx.trusts.remove(gone.id)


def end_trusts(tx: Transaction, field: str, row_id: str) -> None:
    """All of a trustor, a trustee or a project that goes."""
    for gone in tx.trusts.find(Query(filters=(eq(field, row_id),))):
        end_trust(tx, gone)


def use(tx: Transaction, trust_id: str) -> bool:
    """Count one token made by it; False when none is left."""
    trust = tx.trusts.get(trust_id)
    if trust is None or trust.remaining_uses == 0:
        return False
    if trust.remaining_uses is not None:
        tx.trusts.save(replace(trust, remaining_uses=trust.remaining_uses - 1))
    return True


def _check(call: Call, wish: TrustWish) -> None:
    if call.actor.user_id != wish.trustor_id:
        raise Forbidden("identity", action="trust.create", needs=["owner"])
    if call.actor.project_id != wish.project_id:
        raise Forbidden("identity", action="trust.create", needs=["project"])
    if not wish.roles:
        raise Invalid("identity", field="roles", reason="missing")
    check_expiry(wish.expires_at, call.now)
    if wish.remaining_uses is not None and (wish.remaining_uses < 1 or wish.redelegations):
        raise Invalid("identity", field="remaining_uses", reason="combination", value="allow_redelegation")
    if not 0 <= wish.redelegations <= REDELEGATIONS_MOST:
        raise Invalid("identity", field="redelegation_count", reason="range", bound=f"from 0 to {REDELEGATIONS_MOST}")


def _parent(tx: Transaction, call: Call, wish: TrustWish) -> Trust | None:
    """The trust by whose token the caller makes another; it must allow that, and to no more than itself."""
    if not call.actor.trust_id:
        return None
    parent = tx.trusts.get(call.actor.trust_id)
    if parent is None or parent.redelegations < 1 or (wish.impersonation and not parent.impersonation):
        raise Forbidden("identity", action="trust.create", needs=[], reason="no_redelegation")
    if parent.expires_at is not None and (wish.expires_at is None or wish.expires_at > parent.expires_at):
        raise Forbidden("identity", action="trust.create", needs=[], reason="no_redelegation")
    return parent


def _known(tx: Transaction, call: Call, trust_id: str) -> Trust:
    found = tx.trusts.get(trust_id)
    own = found is not None and call.actor.user_id in {found.trustor_id, found.trustee_id}
    if found is None or not (own or may(call, "identity.read")):
        raise NotFound("identity", kind="trust", id=trust_id)
    return found
