"""Whether a volume may be in a group, inside a door's transaction."""

from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import VolumeGroupId, VolumeTypeId
from kumoi.core.policy import sees
from kumoi.core.volume_groups import VolumeGroup


def visible(tx: Transaction, call: Call, group_id: VolumeGroupId) -> VolumeGroup:
    found = tx.volume_groups.get(group_id)
    if found is None or not sees(call, found.project_id, "volume.all_projects"):
        raise NotFound("storage", kind="volume_group", id=group_id)
    return found


def check_fits(tx: Transaction, call: Call, group_id: VolumeGroupId, type_id: VolumeTypeId | None) -> None:
    """Invalid for a volume of a type that the group does not take."""
    group = visible(tx, call, group_id)
    if type_id not in group.volume_type_ids:
        raise Invalid("storage", field="volume_type", reason="not_of_group", value=type_id or "")
