"""EC2's client tokens: a run that is asked for again under the same token is not run again.

The claim of the token belongs to the run's first instance and goes when that is purged. What was asked for is claimed
beside it, as a digest: the same token for something else is refused.
"""

import hashlib

import msgspec

from kumoi.app.instances.wish import RunWish
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Taken
from kumoi.core.instances import Instance
from kumoi.core.query import Order, Query, eq
from kumoi.core.quotas import Claim

TOKEN_MOST = 64


def check_token(call: Call) -> None:
    """Invalid (field client_token) for what is no token: 1 to 64 printable ASCII characters without blanks."""
    token = call.idempotency_key
    if token is None:
        return
    if not all("!" <= c <= "~" for c in token):
        raise Invalid("compute", field="client_token", reason="characters")
    if not 0 < len(token) <= TOKEN_MOST:
        raise Invalid("compute", field="client_token", reason="length", bound=f"from 1 to {TOKEN_MOST}")


def earlier(tx: Transaction, call: Call, wish: RunWish) -> list[Instance] | None:
    """What the token was used for before, in the order of launching, deleted ones too. None: never used.

    Raises Invalid (reason other_parameters) when it was used for another wish.
    """
    if call.idempotency_key is None:
        return None
    claim = tx.claims.get("client_token", _token(call))
    first = tx.instances.get(claim.owner) if claim is not None else None
    if first is None:
        return None
    if tx.claims.get("client_token", _wished(call, wish)) is None:
        raise Invalid("compute", field="client_token", reason="other_parameters")
    same = Query(filters=(eq("reservation_id", first.reservation_id),), order=(Order("launch_index"),))
    return tx.instances.find(same)


def remember(tx: Transaction, call: Call, wish: RunWish, made: list[Instance]) -> None:
    """In the transaction that made them. Taken when the token is another's already."""
    if call.idempotency_key is None:
        return
    for key in (_token(call), _wished(call, wish)):
        if not tx.claims.take(Claim(kind="client_token", key=key, owner=made[0].id, at=call.now)):
            raise Taken("compute", kind="client_token", name=call.idempotency_key)


def _token(call: Call) -> str:
    return f"{call.project_id}/{call.idempotency_key}"


def _wished(call: Call, wish: RunWish) -> str:
    """A token has no blanks, so no other token is spelled like this."""
    digest = hashlib.sha256(msgspec.json.encode(wish, order="deterministic")).hexdigest()
    return f"{_token(call)} {digest}"
