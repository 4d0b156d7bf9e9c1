"""The pages that only administrators use, as one list. Each asks its own doors, which refuse everybody else."""

from types import ModuleType
from typing import Final

from kumoi.api.web.pages import everywhere, flavors, happenings, hosts, machinery, tenants, users, volume_types

ADMINISTRATION: Final[tuple[ModuleType, ...]] = (
    hosts,
    everywhere,
    tenants,
    users,
    flavors,
    volume_types,
    machinery,
    happenings,
)
