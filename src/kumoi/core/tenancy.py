"""Projects, users, role assignments, access keys and key pairs: who there is."""

from typing import Literal

import msgspec

from kumoi.core.ids import CredentialId, DomainId, KeyPairId, ProjectId, UserId

DEFAULT_DOMAIN = DomainId("default")
ROLES: tuple[str, ...] = ("admin", "manager", "member", "reader", "service")
IMPLIED: dict[str, tuple[str, ...]] = {
    "admin": ("manager",),
    "manager": ("member",),
    "member": ("reader",),
}


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    id: DomainId
    name: str
    description: str = ""
    enabled: bool = True


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """`account` is the 12 digits by which AWS clients know it (a claimed column)."""

    id: ProjectId
    name: str
    account: str
    domain_id: DomainId = DEFAULT_DOMAIN
    parent_id: str = "default"
    description: str = ""
    enabled: bool = True
    generation: int = 1
    created_at: float = 0.0


class User(msgspec.Struct, frozen=True, kw_only=True):
    """`revocation` rises when all tokens of the user must die (password change, disable)."""

    id: UserId
    name: str
    password_hash: str
    domain_id: DomainId = DEFAULT_DOMAIN
    default_project_id: ProjectId | None = None
    description: str = ""
    email: str = ""
    enabled: bool = True
    revocation: int = 0
    generation: int = 1
    created_at: float = 0.0


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A role of a user on a project, or on the system where `project_id` is empty."""

    id: str
    user_id: UserId
    project_id: str
    role: str


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """An EC2/S3 credential. `access` is public; `sealed_secret` is encrypted under the cloud's key."""

    id: CredentialId
    access: str
    sealed_secret: str
    user_id: UserId
    project_id: ProjectId
    created_at: float = 0.0


class KeyPair(msgspec.Struct, frozen=True, kw_only=True):
    """An SSH public key. `fingerprint` is MD5 over the key blob in colon-hex, as Nova and EC2 show it."""

    id: KeyPairId
    user_id: UserId
    project_id: ProjectId
    name: str
    public_key: str
    fingerprint: str
    type: Literal["ssh", "x509"] = "ssh"
    created_at: float = 0.0


class RevokedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was handed back, known by its audit id, until it would have expired anyway."""

    id: str
    expires_at: float


def implied_roles(roles: frozenset[str]) -> frozenset[str]:
    """Close a set of roles under implication: admin ⊃ manager ⊃ member ⊃ reader."""
    found = set(roles)
    todo = list(roles)
    while todo:
        for lesser in IMPLIED.get(todo.pop(), ()):
            if lesser not in found:
                found.add(lesser)
                todo.append(lesser)
    return frozenset(found)
