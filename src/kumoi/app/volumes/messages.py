"""Messages about volumes: written by the doors and the link where something came to nothing, read by who owns it."""

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import NotFound
from kumoi.core.ids import VolumeMessageId
from kumoi.core.instances import Refusal
from kumoi.core.policy import allow, sees
from kumoi.core.query import Filter, Query, eq
from kumoi.core.volume_messages import KEPT_S, VolumeMessage
from kumoi.core.volumes import Volume


def write(tx: Transaction, house: House, volume: Volume, why: Refusal, request_id: str = "") -> None:
    """Inside the transaction that finds it out."""
    tx.volume_messages.insert(
        VolumeMessage(
            id=VolumeMessageId(house.chance.uuid()),
            project_id=volume.project_id,
            request_id=request_id,
            kind="volume",
            resource_id=volume.id,
            code=why.code,
            facts=why.facts,
            created_at=why.at,
            expires_at=why.at + KEPT_S,
        )
    )


def find(house: House, call: Call, query: Query) -> list[VolumeMessage]:
    """The project's own, those past their time left out."""
    allow(call, "volume.read")
    mine = query.where(eq("project_id", call.project_id), Filter("expires_at", "gt", call.now))
    return house.store.read(lambda tx: tx.volume_messages.find(mine))


def get(house: House, call: Call, message_id: VolumeMessageId) -> VolumeMessage:
    allow(call, "volume.read")
    return house.store.read(lambda tx: _visible(tx, call, message_id))


def delete(house: House, call: Call, message_id: VolumeMessageId) -> None:
    allow(call, "volume.delete")

    def drop(tx: Transaction) -> None:
        tx.volume_messages.remove(_visible(tx, call, message_id).id)

    house.store.write(drop)


def _visible(tx: Transaction, call: Call, message_id: VolumeMessageId) -> VolumeMessage:
    found = tx.volume_messages.get(message_id)
    if found is None or found.expires_at <= call.now or not sees(call, found.project_id, "volume.all_projects"):
        raise NotFound("storage", kind="volume_message", id=message_id)
    return found
