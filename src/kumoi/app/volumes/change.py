"""What changes of a volume besides its size and its guests: words, labels, flags, and what operators say of it."""

from typing import Final

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import read
from kumoi.app.volumes.acting import change
from kumoi.app.volumes.create import check_texts
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, WrongState
from kumoi.core.events import Label
from kumoi.core.ids import VolumeId
from kumoi.core.policy import allow
from kumoi.core.volumes import Status, Volume

ADMIN: Final = "admin"  # the namespace of labels that are shown beside the user's and are not his
RESETTABLE: Final[frozenset[Status]] = frozenset(
    {"available", "error", "creating", "deleting", "error_deleting", "error_managing", "managing", "attaching",
     "detaching", "in_use", "maintenance", "error_extending", "awaiting_transfer", "uploading", "reserved"}
)  # fmt: skip


def rename(
    house: House, call: Call, volume_id: VolumeId, name: str | None = None, description: str | None = None
) -> read.VolumeView:
    """None: as it was."""

    def renamed(_tx: Transaction, volume: Volume) -> Volume:
        new = replace(
            volume,
            name=volume.name if name is None else name,
            description=volume.description if description is None else description,
        )
        check_texts(new.name, new.description)
        return new

    return change(house, call, volume_id, "update", renamed)


def set_flag(
    house: House, call: Call, volume_id: VolumeId, *, bootable: bool | None = None, read_only: bool | None = None
) -> read.VolumeView:
    """Read-only changes while nobody has it (WrongState)."""

    def flagged(tx: Transaction, volume: Volume) -> Volume:
        if read_only is not None and volume.status not in {"available", "error"}:
            raise WrongState(
                "storage", kind="volume", id=volume.id, status=volume.status, action="update_readonly_flag"
            )
        if read_only is not None:
            _put(tx, house, volume, ADMIN, {"readonly": str(read_only)})
        return replace(
            volume,
            bootable=volume.bootable if bootable is None else bootable,
            read_only=volume.read_only if read_only is None else read_only,
        )

    return change(house, call, volume_id, "update", flagged)


def set_metadata(
    house: House, call: Call, volume_id: VolumeId, pairs: dict[str, str], *, whole: bool = False
) -> read.VolumeView:
    """`whole`: and nothing else stays."""

    def labelled(tx: Transaction, volume: Volume) -> Volume:
        if whole:
            tx.labels.drop("volume", volume.id, read.METADATA)
        _put(tx, house, volume, read.METADATA, pairs)
        return volume

    return change(house, call, volume_id, "update", labelled)


def drop_metadata(house: House, call: Call, volume_id: VolumeId, key: str) -> bool:
    """Whether there was such a key."""
    dropped: list[int] = []

    def without(tx: Transaction, volume: Volume) -> Volume:
        dropped[:] = [tx.labels.drop("volume", volume.id, read.METADATA, key)]
        return volume

    change(house, call, volume_id, "update", without)
    return bool(dropped[0])


def set_image_words(house: House, call: Call, volume_id: VolumeId, words: dict[str, str]) -> read.VolumeView:
    """More, or others, of what it remembers of its image."""
    return change(house, call, volume_id, "update", lambda _tx, v: replace(v, image_words={**v.image_words, **words}))


def drop_image_word(house: House, call: Call, volume_id: VolumeId, key: str) -> bool:
    """Whether there was such a word."""
    there: list[bool] = []

    def without(_tx: Transaction, volume: Volume) -> Volume:
        there[:] = [key in volume.image_words]
        return replace(volume, image_words={k: v for k, v in volume.image_words.items() if k != key})

    change(house, call, volume_id, "update", without)
    return there[0]


def reset(house: House, call: Call, volume_id: VolumeId, status: Status) -> read.VolumeView:
    """An operator's word against all sight; `available` takes it back, and sight decides again."""
    allow(call, "volume.reset")
    if status not in RESETTABLE:
        raise Invalid("storage", field="status", reason="not_in_enum", value=status)
    said: Status | str = "" if status == "available" else status
    return change(house, call, volume_id, "reset", lambda _tx, v: replace(v, hold=said))


def _put(tx: Transaction, house: House, volume: Volume, namespace: str, pairs: dict[str, str]) -> None:
    for key, value in pairs.items():
        tx.labels.put(
            Label(
                id=house.chance.uuid(),
                kind="volume",
                resource_id=volume.id,
                namespace=namespace,
                key=key,
                value=value,
            )
        )
