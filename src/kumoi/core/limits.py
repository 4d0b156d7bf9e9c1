"""Limits for other programs: a default for each resource of a service, and what single projects or domains have
instead.

They are *unified limits* in Keystone's words, of its flat model: no project's limit bears on another's. What this cloud
itself takes from a project is `core.quotas`.
"""

import msgspec

from kumoi.core.ids import LimitId, RegisteredLimitId


class RegisteredLimit(msgspec.Struct, frozen=True, kw_only=True):
    """`default_limit` -1: none. `region_id` empty: wherever nothing else is registered."""

    id: RegisteredLimitId
    service_id: str
    resource_name: str
    default_limit: int
    region_id: str = ""
    description: str = ""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Of a project or of a domain; the other one is empty."""

    id: LimitId
    registered_id: RegisteredLimitId
    resource_limit: int
    project_id: str = ""
    domain_id: str = ""
    description: str = ""
