"""What a project is told of a volume that came to nothing, for as long as somebody may ask why."""

import msgspec

from kumoi.core.conditions import Facts
from kumoi.core.ids import ProjectId, VolumeMessageId

KEPT_S = 30 * 86400.0


class VolumeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`code` and `facts` of a refusal or a condition. `kind` and `resource_id`: of what it tells."""

    id: VolumeMessageId
    project_id: ProjectId
    request_id: str
    kind: str
    resource_id: str
    code: str
    facts: Facts
    created_at: float
    expires_at: float
