"""Doors of EC2's tags, on any noun. OpenStack's tags are `networks.tags` and `instances.change`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kumoi.app import keypairs
from kumoi.app.house import House
from kumoi.app.images import sight as images
from kumoi.app.instances import read as instances
from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES
from kumoi.app.networks.security_groups import GROUPS, RULES
from kumoi.app.networks.subnets import SUBNETS
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.volumes import read as volumes
from kumoi.app.volumes import snapshots
from kumoi.app.writing import Thing, mark_instance, record
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.rows import Rows
from kumoi.core.call import Call
from kumoi.core.errors import NotFound
from kumoi.core.events import Label
from kumoi.core.ids import ImageId, InstanceId, SnapshotId, VolumeId
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq
from kumoi.core.tags import NAMESPACE, check_count, check_tags

Tags = dict[str, str]


class Tagged(msgspec.Struct, frozen=True):
    """A thing by its kind, as labels and errors name it, and its id."""

    kind: str
    id: str


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """`action`: the noun in the policy. `owned`: the row; raises NotFound or Forbidden unless the caller may tag it.

    `seen`: raises NotFound unless the caller may see it (None: who may tag it).

    `tagged`: what else a change of its tags changes.
    """

    action: str
    rows: Callable[[Transaction], Rows[Any]]
    owned: Callable[[Transaction, Call, str], Any]
    seen: Callable[[Transaction, Call, str], Any] | None = None
    tagged: Callable[[Transaction, Call, str], None] = lambda _tx, _call, _id: None
    mortal: bool = True


def _instance_tagged(tx: Transaction, call: Call, instance_id: str) -> None:
    """Its guest may ask for them."""
    one = instances.visible(tx, call, InstanceId(instance_id))
    tx.instances.save(replace(one, updated_at=call.now))
    mark_instance(tx, one.id)


def _network(noun: reading.Noun[Any, Any]) -> Kind:
    return Kind(
        action=noun.action,
        rows=noun.rows,
        owned=lambda tx, call, row_id: reading.owned(tx, call, noun, row_id, "update"),
        seen=lambda tx, call, row_id: reading.visible(tx, call, noun, row_id),
        mortal=noun.mortal,
    )


KINDS: Final[Mapping[str, Kind]] = {
    "instance": Kind(
        action="instance",
        rows=lambda tx: tx.instances,
        owned=lambda tx, call, row_id: instances.visible(tx, call, InstanceId(row_id)),
        tagged=_instance_tagged,
    ),
    "image": Kind(
        action="image",
        rows=lambda tx: tx.images,
        owned=lambda tx, call, row_id: images.owned(tx, call, ImageId(row_id)),
        seen=lambda tx, call, row_id: images.visible(tx, call, ImageId(row_id)),
    ),
    "volume": Kind(
        action="volume",
        rows=lambda tx: tx.volumes,
        owned=lambda tx, call, row_id: volumes.visible(tx, call, VolumeId(row_id)),
    ),
    "volume_snapshot": Kind(
        action="volume_snapshot",
        rows=lambda tx: tx.volume_snapshots,
        owned=lambda tx, call, row_id: snapshots.visible(tx, call, SnapshotId(row_id)),
    ),
    "keypair": Kind(action="keypair", rows=lambda tx: tx.key_pairs, owned=keypairs.owned, mortal=False),
    **{noun.kind: _network(noun) for noun in (NETWORKS, SUBNETS, NICS, VPCS, PUBLIC_ADDRESSES, GROUPS, RULES)},
}


def put(house: House, call: Call, things: tuple[Tagged, ...], tags: Tags) -> None:
    """Set these on all of the things, or on none; others stay. Raises NotFound, Forbidden, Invalid."""
    check_tags(tags)

    def write(tx: Transaction) -> None:
        for thing in things:
            add(tx, house, thing, tags)
            check_count(len(tx.labels.of(thing.kind, (thing.id,), NAMESPACE)))
            KINDS[thing.kind].tagged(tx, call, thing.id)

    _change(house, call, things, write)


def drop(house: House, call: Call, things: tuple[Tagged, ...], tags: Mapping[str, str | None] | None) -> None:
    """Take tags away where the thing has them with that value (None: whatever it is). `tags` None: all of them."""

    def write(tx: Transaction) -> None:
        for thing in things:
            for label in tx.labels.of(thing.kind, (thing.id,), NAMESPACE):
                if tags is None or (label.key in tags and tags[label.key] in {None, label.value}):
                    tx.labels.drop(thing.kind, thing.id, NAMESPACE, label.key)
            KINDS[thing.kind].tagged(tx, call, thing.id)

    _change(house, call, things, write)


def of(house: House, call: Call, kind: str, ids: tuple[str, ...]) -> dict[str, Tags]:
    """The tags of those of these things that the caller sees, by id; those without any are left out."""
    known = KINDS[kind]
    allow(call, f"{known.action}.read")
    seen = known.seen or known.owned

    def sees(tx: Transaction, row_id: str) -> bool:
        try:
            seen(tx, call, row_id)
        except NotFound:
            return False
        return True

    return house.store.read(lambda tx: _by_id(tx, kind, tuple(i for i in ids if sees(tx, i))))


def find(house: House, call: Call, kind: str) -> dict[str, Tags]:
    """The tags of all the project's things of a kind, by id."""
    known = KINDS[kind]
    allow(call, f"{known.action}.read")
    own = Query(filters=(eq("project_id", call.project_id), *((alive(),) if known.mortal else ())))
    return house.store.read(lambda tx: _by_id(tx, kind, tuple(r.id for r in known.rows(tx).find(own))))


def add(tx: Transaction, house: House, thing: Tagged, tags: Tags) -> None:
    """Inside the transaction of a door that makes the thing; the tags were checked."""
    for key, value in tags.items():
        row_id = house.chance.uuid()
        tx.labels.put(
            Label(id=row_id, kind=thing.kind, resource_id=thing.id, namespace=NAMESPACE, key=key, value=value)
        )


def _change(house: House, call: Call, things: tuple[Tagged, ...], change: Callable[[Transaction], None]) -> None:
    for thing in things:
        allow(call, f"{KINDS[thing.kind].action}.update")

    def write(tx: Transaction) -> None:
        for thing in things:
            known = KINDS[thing.kind]
            row = known.owned(tx, call, thing.id)
            record(tx, house, call, f"{known.action}.update", Thing(thing.kind, thing.id, row.project_id))
        change(tx)

    house.store.write(write)


def _by_id(tx: Transaction, kind: str, ids: tuple[str, ...]) -> dict[str, Tags]:
    found: dict[str, Tags] = {}
    for label in tx.labels.of(kind, ids, NAMESPACE):
        found.setdefault(label.resource_id, {})[label.key] = label.value
    return found
