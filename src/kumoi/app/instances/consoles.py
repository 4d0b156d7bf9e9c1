"""Consoles of instances: a token for one that opens it once, and what its bearer gets for it.

A token is a row, hashed, so every process of the cloud can judge it and deleting the instance takes it away. What does
not belong here: the bytes (api.edge.joining), the console's log (console.py).
"""

import base64
import hashlib
import hmac
from concurrent.futures import Future
from typing import Any

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.console_holders import actor_now, opens
from kumoi.app.instances.read import visible
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.consoles import CAPABILITY, ConsoleKind, ConsoleToken
from kumoi.core.errors import NotFound, Unauthenticated, Unsupported, WrongState
from kumoi.core.hosts import Host
from kumoi.core.ids import HostId, InstanceId
from kumoi.core.instances import Instance
from kumoi.core.plan import Ask
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq

FIRST_USE_WITHIN_S = 600.0
AGAIN_WITHIN_S = 12 * 3600.0  # of its first use; as long as a session of the dashboard rests
AGAIN_LETTERS = 32  # less is no secret
DIALS_WITHIN_S = 10.0
_SECRET_BYTES = 24


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What a token was good for. `stream` comes when the host dials: its caller waits at most `DIALS_WITHIN_S` and
    cancels then."""

    token: ConsoleToken
    instance: Instance
    stream: "Future[Any]"


def open_console(house: House, call: Call, instance_id: InstanceId, kind: ConsoleKind) -> str:
    """A token for the console of a running instance. WrongState for what does not run."""
    allow(call, "instance.console")
    secret = base64.urlsafe_b64encode(house.chance.secret(_SECRET_BYTES)).decode()
    digest = _digest(secret)

    def write(tx: Transaction) -> None:
        one = visible(tx, call, instance_id)
        _host_of(tx, one)
        user = tx.users.get(call.actor.user_id)
        tx.console_tokens.insert(
            ConsoleToken(
                id=digest,
                instance_id=one.id,
                project_id=one.project_id,
                user_id=call.actor.user_id,
                actor=_plain(call.actor),
                revocation=user.revocation if user is not None else 0,
                kind=kind,
                created_at=call.now,
                expires_at=call.now + FIRST_USE_WITHIN_S,
            )
        )
        record(tx, house, call, "instance.console", Thing("instance", one.id, one.project_id), {"console": kind})

    house.store.write(write)
    return secret


def check_console(house: House, call: Call, instance_id: InstanceId) -> None:
    """Whether the caller may have a console of this instance at all: refusals as of `open_console`."""
    allow(call, "instance.console")
    house.store.read(lambda tx: _host_of(tx, visible(tx, call, instance_id)))


def use_console_token(house: House, secret: str, kind: ConsoleKind, now: float, again: str = "") -> Opened:
    """Spend it: the host is asked to dial. Its bearer needs nothing else.

    `again`: a secret of the bearer's own. Who brought one along when the token was spent opens the same console anew
    with both, for AGAIN_WITHIN_S, as often as the connection breaks.

    Unauthenticated (reason: console_unknown, console_used, console_expired, console_withdrawn), NotFound, WrongState. A
    token that was shown is spent, whatever comes after.
    """
    digest = _digest(secret)
    mine = _digest(again) if len(again) >= AGAIN_LETTERS else ""

    def write(tx: Transaction) -> ConsoleToken:
        token = _good(tx, digest, kind, now, mine)
        until = now + AGAIN_WITHIN_S if mine and token.used_at is None else token.expires_at
        return tx.console_tokens.save(replace(token, used_at=now, again=mine, expires_at=until))

    token = house.store.write(write)
    one, host_id = house.store.read(lambda tx: _instance_of(tx, token))
    ask = Ask(id=house.chance.uuid(), kind=kind, instance_id=one.id)
    return Opened(token=token, instance=one, stream=house.asks.call(host_id, ask))


def is_console_token(house: House, secret: str) -> bool:
    """Whether it was ever given to anybody, and is not forgotten."""
    return house.store.read(lambda tx: tx.console_tokens.get(_digest(secret))) is not None


def look_at_console_token(house: House, secret: str, kind: ConsoleKind, now: float) -> Instance:
    """What it would open, with the refusals of `use_console_token`; it is not spent."""
    digest = _digest(secret)

    def read(tx: Transaction) -> Instance:
        return _instance_of(tx, _good(tx, digest, kind, now))[0]

    return house.store.read(read)


def show_console_token(house: House, call: Call, secret: str) -> tuple[ConsoleToken, Host]:
    """What a token that may still be used would open, and where. NotFound for any other."""
    allow(call, "instance.console_tokens")
    digest = _digest(secret)

    def read(tx: Transaction) -> tuple[ConsoleToken, Host]:
        try:
            token = _good(tx, digest, None, call.now)
            host = tx.hosts.get(_instance_of(tx, token)[1])
        except (Unauthenticated, WrongState):
            host = None
        if host is None:
            raise NotFound("compute", kind="console_token", id=secret)
        return token, host

    return house.store.read(read)


def forget_console(house: House, token: ConsoleToken) -> None:
    """It opens nothing any more. Harmless twice."""
    house.store.write(lambda tx: tx.console_tokens.remove(token.id))


def revoke_consoles(tx: Transaction, instance_id: InstanceId) -> None:
    """All tokens of an instance that goes. Those that were spent are kept: who has one open is told what happened."""
    for token in tx.console_tokens.find(Query(filters=(eq("instance_id", instance_id),))):
        if token.used_at is None:
            tx.console_tokens.remove(token.id)


def _good(tx: Transaction, digest: str, kind: ConsoleKind | None, now: float, again: str = "") -> ConsoleToken:
    """`again`: the digest of what it may be used by once more."""
    token = tx.console_tokens.get(digest)
    if token is None or kind not in {token.kind, None}:
        raise Unauthenticated("compute", reason="console_unknown")
    if token.used_at is not None and not (again and hmac.compare_digest(token.again, again)):
        raise Unauthenticated("compute", reason="console_used")
    if token.expires_at < now:
        raise Unauthenticated("compute", reason="console_expired")
    if not opens(actor_now(tx, token.actor, token.revocation), token):
        raise Unauthenticated("compute", reason="console_withdrawn")
    return token


def _plain(actor: Actor) -> Actor:
    """Without what only its own tongue knows of it."""
    return Actor(**{name: getattr(actor, name) for name in Actor.__struct_fields__})


def _instance_of(tx: Transaction, token: ConsoleToken) -> tuple[Instance, HostId]:
    one = tx.instances.get(token.instance_id)
    if one is None or one.deleted_at is not None:
        raise NotFound("compute", kind="instance", id=token.instance_id)
    return one, _host_of(tx, one)


def _host_of(tx: Transaction, one: Instance) -> HostId:
    """The host on which it runs. WrongState where it does not."""
    placed = tx.placements.find(Query(filters=(eq("instance_id", one.id), eq("role", "run"))))
    seen = tx.observations.get(one.id)
    if not placed or seen is None or seen.power in {"off", "missing"}:
        raise WrongState("compute", kind="instance", id=one.id, status=one.status, action="console")
    host = tx.hosts.get(placed[0].host_id)
    if host is None or CAPABILITY not in host.capabilities:
        raise Unsupported("host", what="console")
    return host.id


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
