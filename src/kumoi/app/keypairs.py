"""Doors of key pairs. A private key is made, shown once, and never stored."""

from kumoi.app.house import House
from kumoi.app.writing import Thing, charge, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import NotFound, Taken
from kumoi.core.ids import KeyPairId, UserId
from kumoi.core.keys import fingerprint
from kumoi.core.names import check_name
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq
from kumoi.core.tenancy import KeyPair

NAME_MOST = 255


def create(
    house: House, call: Call, name: str, public_key: str | None, whose: UserId | None = None
) -> tuple[KeyPair, str | None]:
    """Import a public key, or make a pair; the second value is the private key of a pair just made.

    Here as below, `whose` is another user than the caller, for administrators.
    """
    allow(call, "keypair.create")
    owner = _owner(call, whose)
    check_name(name, NAME_MOST)
    private: str | None = None
    if public_key is None:
        private, public_key = house.keys.ssh_pair(comment=name)
    pair = KeyPair(
        id=KeyPairId(house.chance.uuid()),
        user_id=owner,
        project_id=call.project_id,
        name=name,
        public_key=public_key.strip(),
        fingerprint=fingerprint(public_key),
        created_at=call.now,
    )

    def write(tx: Transaction) -> None:
        if _named(tx, owner, name) is not None:
            raise Taken("compute", kind="keypair", name=name)
        charge(tx, call.project_id, pair.id, key_pairs=1)
        tx.key_pairs.insert(pair)
        record(tx, house, call, "keypair.create", Thing("keypair", pair.id, call.project_id), {"name": name})

    house.store.write(write)
    return pair, private


def get(house: House, call: Call, name: str, whose: UserId | None = None) -> KeyPair:
    allow(call, "keypair.read")
    owner = _owner(call, whose)
    found = house.store.read(lambda tx: _named(tx, owner, name))
    if found is None:
        raise NotFound("compute", kind="keypair", id=name)
    return found


def find(house: House, call: Call, query: Query, whose: UserId | None = None) -> list[KeyPair]:
    """One user's, by name."""
    allow(call, "keypair.read")
    own = query.where(eq("user_id", _owner(call, whose)))
    if not own.order:
        own = Query(filters=own.filters, order=(Order("name"),), marker=own.marker, limit=own.limit)
    return house.store.read(lambda tx: tx.key_pairs.find(own))


def delete(house: House, call: Call, name: str, whose: UserId | None = None) -> None:
    allow(call, "keypair.delete")
    owner = _owner(call, whose)

    def write(tx: Transaction) -> None:
        pair = _named(tx, owner, name)
        if pair is None:
            raise NotFound("compute", kind="keypair", id=name)
        tx.key_pairs.remove(pair.id)
        tx.labels.drop("keypair", pair.id)
        tx.counters.give_back(pair.id)
        record(tx, house, call, "keypair.delete", Thing("keypair", pair.id, pair.project_id), {"name": name})

    house.store.write(write)


def owned(tx: Transaction, call: Call, pair_id: str) -> KeyPair:
    """The caller's own by its id. Raises NotFound."""
    found = tx.key_pairs.get(pair_id)
    if found is None or found.user_id != call.actor.user_id:
        raise NotFound("compute", kind="keypair", id=pair_id)
    return found


def _owner(call: Call, whose: UserId | None) -> UserId:
    if whose is None or whose == call.actor.user_id:
        return call.actor.user_id
    allow(call, "keypair.all_users")
    return whose


def _named(tx: Transaction, owner: UserId, name: str) -> KeyPair | None:
    found = tx.key_pairs.find(Query(filters=(eq("user_id", owner), eq("name", name))))
    return found[0] if found else None
