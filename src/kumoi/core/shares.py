"""Shares: a thing of one project that another one, or every one, may use (Neutron: RBAC policies)."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from kumoi.core.ids import ProjectId, ShareId

SharedKind = Literal["network", "subnet_pool", "address_scope", "qos_policy", "security_group", "address_group"]
ShareAction = Literal["use", "lead_out"]
EVERYONE = "*"


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """`use`: as if it were one's own. `lead_out`, of networks: as the outer network of routers and public addresses.

    `target` is a project or EVERYONE. It belongs to the one that gave it, and only that one sees it.
    """

    id: ShareId
    project_id: ProjectId
    kind: SharedKind
    object_id: str
    action: ShareAction
    target: str
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def reaches(targets: Iterable[str], project_id: str | None) -> bool:
    """Whether one of these targets is the project, or every one."""
    return any(target in {project_id, EVERYONE} for target in targets)
