"""Doors of segments: what carries a network, which has just one here, under the network's own id. The provider may name
and describe it."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.events import Label
from kumoi.core.ids import NetworkId
from kumoi.core.networks import Network
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive

_NAMESPACE: Final = "segment"


class SegmentChange(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class SegmentView(msgspec.Struct, frozen=True, kw_only=True):
    network: Network
    name: str
    description: str


def find_segments(house: House, call: Call) -> list[SegmentView]:
    allow(call, "network.number")
    return house.store.read(lambda tx: _views(tx, tx.networks.find(Query(filters=(alive(),)))))


def show_segment(house: House, call: Call, network_id: NetworkId) -> SegmentView:
    allow(call, "network.number")
    return house.store.read(lambda tx: _views(tx, [reading.visible(tx, call, NETWORKS, network_id)])[0])


def update_segment(house: House, call: Call, network_id: NetworkId, change: SegmentChange) -> SegmentView:
    """The network is as it was, but for the time of its last change."""
    allow(call, "network.number")

    def write(tx: Transaction) -> SegmentView:
        network = reading.owned(tx, call, NETWORKS, network_id, "update")
        for key, value in msgspec.structs.asdict(change).items():
            if not isinstance(value, UnsetType):
                label = Label(
                    id=house.chance.uuid(), kind="network", resource_id=network.id, namespace=_NAMESPACE,
                    key=key, value=value,
                )  # fmt: skip
                tx.labels.put(label)
        saved = tx.networks.save(replace(network, updated_at=call.now))
        record(tx, house, call, "network.update", Thing("network", saved.id, saved.project_id))
        return _views(tx, [saved])[0]

    return commit(house, write)


def _views(tx: Transaction, rows: list[Network]) -> list[SegmentView]:
    told = {
        (label.resource_id, label.key): label.value
        for label in tx.labels.of("network", tuple(r.id for r in rows), _NAMESPACE)
    }
    return [
        SegmentView(network=r, name=told.get((r.id, "name"), ""), description=told.get((r.id, "description"), ""))
        for r in rows
    ]
