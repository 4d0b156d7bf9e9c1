"""What an administrator enters for programs that read it: nothing in the cloud acts on it."""

import msgspec

from kumoi.core.ids import DomainId, PolicyId


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A document of rules for another program. `type`: its MIME type."""

    id: PolicyId
    type: str
    blob: str


class DomainConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a domain's users are looked up elsewhere: groups of options, JSON text. Passwords in it are sealed apart."""

    id: DomainId
    options: str = "{}"
    sealed_passwords: str = ""
