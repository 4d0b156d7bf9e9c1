"""Who is asking, and the circumstances that every door, event, plan cause and log line carry."""

from typing import Literal

import msgspec

from kumoi.core.errors import Forbidden
from kumoi.core.ids import DomainId, ProjectId, UserId

Role = Literal["admin", "manager", "member", "reader", "service"]
Locale = Literal["en", "ja"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticated caller in one scope: a project, a domain, the system, or none.

    `restricted`: by a credential or a trust that may not hand on what it has. `trust_id`: by this trust. `known_by`:
    what the caller came by, kind/id; when one of these is taken back, what it opened ends.
    """

    user_id: UserId
    user_name: str
    project_id: ProjectId | None
    project_name: str = ""
    roles: frozenset[str] = frozenset()
    system: bool = False
    domain_id: DomainId | None = None
    restricted: bool = False
    trust_id: str = ""
    known_by: tuple[str, ...] = ()

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request: `now` is seconds since the epoch, `idempotency_key` EC2's client token or None."""

    actor: Actor
    request_id: str
    now: float
    locale: Locale = "en"
    idempotency_key: str | None = None

    @property
    def project_id(self) -> ProjectId:
        """The scope of a call that needs one. Forbidden for a token without a project (unscoped, or the system's)."""
        if self.actor.project_id is None:
            raise Forbidden("identity", action="project.use", needs=["project"])
        return self.actor.project_id
