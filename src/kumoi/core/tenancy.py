"""Domains, projects, users and their groups, access keys and key pairs: who there is. Who may what: `core.roles`."""

from typing import Literal

import msgspec

from kumoi.core.ids import CredentialId, DomainId, KeyPairId, ProjectId, UserGroupId, UserId

DEFAULT_DOMAIN = DomainId("default")


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
    tags: tuple[str, ...] = ()
    generation: int = 1
    created_at: float = 0.0


class UserOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of the rules is otherwise for one user; None: as for all. `multi_factor_auth_rules`: the methods of any one
    of them must all be given."""

    ignore_change_password_upon_first_use: bool | None = None
    ignore_password_expiry: bool | None = None
    ignore_lockout_failure_attempts: bool | None = None
    ignore_user_inactivity: bool | None = None
    lock_password: bool | None = None
    multi_factor_auth_enabled: bool | None = None
    multi_factor_auth_rules: tuple[tuple[str, ...], ...] | None = None


class User(msgspec.Struct, frozen=True, kw_only=True):
    """`revocation` rises when all tokens of the user must die (password change, disable).

    `extra`: what else clients keep with it, JSON text. `past_hashes`, newest first, and `failures` in a row are kept as
    the password rules ask: see `core.passwords`.
    """

    id: UserId
    name: str
    password_hash: str
    domain_id: DomainId = DEFAULT_DOMAIN
    default_project_id: ProjectId | None = None
    description: str = ""
    email: str = ""
    enabled: bool = True
    revocation: int = 0
    past_hashes: tuple[str, ...] = ()
    password_expires_at: float | None = None
    failures: int = 0
    failed_at: float = 0.0
    options: UserOptions = UserOptions()
    extra: str = "{}"
    generation: int = 1
    created_at: float = 0.0


class UserGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Users that are given roles together (a *group* in Keystone's words; `core.groups` are the firewall's)."""

    id: UserGroupId
    name: str
    domain_id: DomainId = DEFAULT_DOMAIN
    description: str = ""
    created_at: float = 0.0


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A user in a group. `id` is made of both: see `membership`."""

    id: str
    group_id: UserGroupId
    user_id: UserId


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """An EC2/S3 credential. `access` is public; `sealed_secret` is encrypted under the cloud's key."""

    id: CredentialId
    access: str
    sealed_secret: str
    user_id: UserId
    project_id: ProjectId
    created_at: float = 0.0


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A secret of any other type (TOTP, certificates …), sealed; what is in it is its user's affair."""

    id: CredentialId
    user_id: UserId
    type: str
    sealed_blob: str
    project_id: str = ""
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


def membership(group_id: UserGroupId, user_id: UserId) -> Membership:
    return Membership(id=f"{group_id}/{user_id}", group_id=group_id, user_id=user_id)
