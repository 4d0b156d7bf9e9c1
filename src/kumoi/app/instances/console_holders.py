"""Whether a console may still be open: asked while it is, and before it is opened anew.

Whatever let its holder in may have been taken back since: the user, a role, the project, the session or the token that
the link was asked for with. What does not belong here: links and their use (consoles).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.held import roles_in, roles_of
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.consoles import ConsoleCut, ConsoleToken
from kumoi.core.policy import may, sees
from kumoi.core.roles import SYSTEM

# What a caller is known by, and whether it still stands.
_STANDS: Final[Mapping[str, Callable[[Transaction, str], bool]]] = {
    "web_session": lambda tx, key: tx.web_sessions.get(key) is not None,
    "token": lambda tx, key: tx.revoked_tokens.get(key) is None,
    "application_credential": lambda tx, key: tx.application_credentials.get(key) is not None,
    "trust": lambda tx, key: tx.trusts.get(key) is not None,
}


def cut(house: House, tokens: Sequence[ConsoleToken]) -> dict[str, ConsoleCut]:
    """Those of them that may not be open any more, by the tokens' ids. One read."""

    def read(tx: Transaction) -> dict[str, ConsoleCut]:
        alive = {one.id for one in tx.instances.many(tuple({t.instance_id for t in tokens})) if one.deleted_at is None}
        actors = {(t.actor, t.revocation): None for t in tokens}
        now = {key: actor_now(tx, *key) for key in actors}
        found: dict[str, ConsoleCut] = {}
        for token in tokens:
            if token.instance_id not in alive:
                found[token.id] = "deleted"
            elif not opens(now[token.actor, token.revocation], token):
                found[token.id] = "withdrawn"
        return found

    return house.store.read(read)


def opens(actor: Actor | None, token: ConsoleToken) -> bool:
    """Whether who holds the token, as he is now, may have its console."""
    if actor is None:
        return False
    call = Call(actor=actor, request_id="", now=0.0)
    return may(call, "instance.console") and sees(call, token.project_id, "instance.all_projects")


def actor_now(tx: Transaction, actor: Actor, revocation: int) -> Actor | None:
    """With those of its roles that it still has; None when it counts no more."""
    user = tx.users.get(actor.user_id)
    if user is None or not user.enabled or user.revocation != revocation:
        return None
    if not all(_STANDS[kind](tx, key) for kind, _, key in (known.partition("/") for known in actor.known_by)):
        return None
    if actor.system:
        home = tx.domains.get(user.domain_id)
        held = roles_of(tx, user.id, SYSTEM) if home is not None and home.enabled else ()
    else:
        held = roles_in(tx, user, tx.projects.get(actor.project_id) if actor.project_id else None)
    return replace(actor, roles=actor.roles & {role.name for role in held})
