"""Doors of key pairs. A private key is made, shown once, and never stored."""

from kumoi.app.house import House
from kumoi.app.writing import Thing, charge, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, Taken
from kumoi.core.ids import KeyPairId
from kumoi.core.keys import fingerprint
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq
from kumoi.core.tenancy import KeyPair

NAME_MOST = 255


def create(house: House, call: Call, name: str, public_key: str | None) -> tuple[KeyPair, str | None]:
    """Import a public key, or make a pair; the second value is the private key of a pair just made."""
    allow(call, "keypair.create")
    if not name.strip() or len(name) > NAME_MOST or any(ord(c) < 32 for c in name):
        raise Invalid("compute", field="name", reason="length", bound=f"from {1} to {NAME_MOST}")
    private: str | None = None
    if public_key is None:
        private, public_key = house.keys.ssh_pair(comment=name)
    pair = KeyPair(
        id=KeyPairId(house.chance.uuid()),
        user_id=call.actor.user_id,
        project_id=call.project_id,
        name=name,
        public_key=public_key.strip(),
        fingerprint=fingerprint(public_key),
        created_at=call.now,
    )

    def write(tx: Transaction) -> None:
        if _own(tx, call, name) is not None:
            raise Taken("compute", kind="keypair", name=name)
        charge(tx, call.project_id, pair.id, key_pairs=1)
        tx.key_pairs.insert(pair)
        record(tx, house, call, "keypair.create", Thing("keypair", pair.id, call.project_id), {"name": name})

    house.store.write(write)
    return pair, private


def get(house: House, call: Call, name: str) -> KeyPair:
    allow(call, "keypair.read")
    found = house.store.read(lambda tx: _own(tx, call, name))
    if found is None:
        raise NotFound("compute", kind="keypair", id=name)
    return found


def find(house: House, call: Call, query: Query) -> list[KeyPair]:
    """The caller's own, by name."""
    allow(call, "keypair.read")
    own = query.where(eq("user_id", call.actor.user_id))
    if not own.order:
        own = Query(filters=own.filters, order=(Order("name"),), marker=own.marker, limit=own.limit)
    return house.store.read(lambda tx: tx.key_pairs.find(own))


def delete(house: House, call: Call, name: str) -> None:
    allow(call, "keypair.delete")

    def write(tx: Transaction) -> None:
        pair = _own(tx, call, name)
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


def _own(tx: Transaction, call: Call, name: str) -> KeyPair | None:
    found = tx.key_pairs.find(Query(filters=(eq("user_id", call.actor.user_id), eq("name", name))))
    return found[0] if found else None
