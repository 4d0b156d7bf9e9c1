"""Types of groups of volumes. Their specs say what a group must be able to do."""

from typing import Final

import msgspec

from kumoi.core.ids import VolumeGroupTypeId

CONSISTENT: Final = "consistent_group_snapshot_enabled"


class VolumeGroupType(msgspec.Struct, frozen=True, kw_only=True):
    """`public` False: for administrators."""

    id: VolumeGroupTypeId
    name: str
    description: str = ""
    public: bool = True
    specs: dict[str, str] = {}
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


DEFAULT_GROUP_TYPE: Final = VolumeGroupType(
    id=VolumeGroupTypeId("e0a4b8c2-1d36-4f7b-9c05-2a6d8f31b794"),
    name="default_cgsnapshot_type",
    description="Default group type for consistent snapshots",
    specs={CONSISTENT: "<is> True"},
)
