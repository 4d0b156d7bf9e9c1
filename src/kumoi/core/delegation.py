"""What a user hands on: application credentials (to programs), with rules of what they may ask, and trusts (to users).

Neither can give what its maker does not hold any more; who holds what is `core.roles`.
"""

import msgspec

from kumoi.core.ids import AccessRuleId, ApplicationCredentialId, ProjectId, TrustId, UserId


class AccessRule(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request: a service's type, a method, and a path below the service's prefix, in which `*` and `{name}`
    stand for one segment and `**` for any number."""

    id: AccessRuleId
    user_id: UserId
    service: str
    method: str
    path: str


class ApplicationCredential(msgspec.Struct, frozen=True, kw_only=True):
    """`roles` are keys; `access_rules` ids, None: whatever the roles allow. `unrestricted` ones may make more such."""

    id: ApplicationCredentialId
    user_id: UserId
    project_id: ProjectId
    name: str
    secret_hash: str
    roles: tuple[str, ...]
    description: str = ""
    unrestricted: bool = False
    access_rules: tuple[AccessRuleId, ...] | None = None
    expires_at: float | None = None
    created_at: float = 0.0


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """The trustee may act in a project with these roles (keys) of the trustor, in whose name if `impersonation`.

    `remaining_uses` counts tokens, None: any number. `redelegations`: how many trusts may be chained behind this one.
    """

    id: TrustId
    trustor_id: UserId
    trustee_id: UserId
    project_id: ProjectId
    roles: tuple[str, ...]
    impersonation: bool
    expires_at: float | None = None
    remaining_uses: int | None = None
    redelegations: int = 0
    parent_id: str = ""
    created_at: float = 0.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is for, in an access rule's terms."""

    service: str
    method: str
    path: str


def permits(rule: AccessRule, asked: Asked) -> bool:
    if (rule.service, rule.method) != (asked.service, "GET" if asked.method == "HEAD" else asked.method):
        return False
    return _fits(rule.path.strip("/").split("/"), asked.path.strip("/").split("/"))


def _fits(pattern: list[str], path: list[str]) -> bool:
    if not pattern:
        return not path
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return any(_fits(rest, path[n:]) for n in range(len(path) + 1))
    if not path:
        return False
    named = first.startswith("{") and first.endswith("}")
    return (first in {"*", path[0]} or named) and _fits(rest, path[1:])
