"""Server groups: instances that are placed by one another. Who is in one is a field of the instance."""

from typing import Final, Literal

import msgspec

from kumoi.core.ids import ProjectId, ServerGroupId, UserId

GroupPolicy = Literal["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"]
POLICIES: Final[tuple[GroupPolicy, ...]] = ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")


class ServerGroup(msgspec.Struct, frozen=True, kw_only=True):
    """`most_per_host`: of an anti-affinity group, how many of its instances one host may have; 0: nobody said, so
    one."""

    id: ServerGroupId
    project_id: ProjectId
    user_id: UserId
    name: str
    policy: GroupPolicy
    most_per_host: int = 0
    created_at: float = 0.0
