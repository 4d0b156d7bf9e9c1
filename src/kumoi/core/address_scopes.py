"""Address scopes: subnet pools of one never overlap, so that their networks may be routed untranslated."""

import msgspec

from kumoi.core.ids import AddressScopeId, ProjectId


class AddressScope(msgspec.Struct, frozen=True, kw_only=True):
    """Of one IP version for ever."""

    id: AddressScopeId
    project_id: ProjectId
    name: str
    ip_version: int
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
