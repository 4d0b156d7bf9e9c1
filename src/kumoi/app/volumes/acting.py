"""What may be done to a volume in which state, and the transaction that these acts share."""

from collections.abc import Callable
from typing import Final, Literal

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes.read import VolumeView, views, visible
from kumoi.app.volumes.writing import project_volume
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import WrongState
from kumoi.core.ids import VolumeId
from kumoi.core.policy import allow
from kumoi.core.volumes import Status, Volume

Act = Literal[
    "delete",
    "extend",
    "snapshot",
    "clone",
    "attach",
    "detach",
    "reserve",
    "upload",
    "revert",
    "retype",
    "transfer",
    "restore",
]
ALLOWED: Final[dict[Act, frozenset[Status]]] = {
    "delete": frozenset({"available", "error", "error_restoring", "error_extending", "error_managing"}),
    "extend": frozenset({"available", "in_use"}),
    "snapshot": frozenset({"available", "in_use"}),
    "clone": frozenset({"available", "in_use"}),
    "attach": frozenset({"available"}),
    "detach": frozenset({"in_use", "attaching", "detaching"}),
    "reserve": frozenset({"available"}),
    "upload": frozenset({"available", "in_use"}),
    "revert": frozenset({"available"}),
    "restore": frozenset({"available"}),
    "retype": frozenset({"available", "in_use"}),
    "transfer": frozenset({"available"}),
}
SHAREABLE: Final[frozenset[Act]] = frozenset({"attach", "reserve"})  # with several guests, where it may have several
Change = Callable[[Transaction, Volume], Volume]


def check(volume: Volume, act: Act) -> None:
    """WrongState where its status forbids the act."""
    shared = volume.multiattach and act in SHAREABLE and volume.status in {"in_use", "attaching", "reserved"}
    if volume.status not in ALLOWED[act] and not shared:
        raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action=act)


def change(house: House, call: Call, volume_id: VolumeId, action: str, how: Change) -> VolumeView:
    """Change the wish, let the status follow, and tell of it as `volume.<action>`."""
    allow(call, "volume.update")

    def write(tx: Transaction) -> VolumeView:
        volume = how(tx, visible(tx, call, volume_id))
        saved = tx.volumes.save(project_volume(tx, replace(volume, updated_at=call.now), call.now))
        record(tx, house, call, f"volume.{action}", Thing("volume", saved.id, saved.project_id))
        return views(tx, [saved])[0]

    return commit(house, write)
