"""A token for whoever signed a request that another service received, in the project of its access key.

Only services ask: a signature is worth a token to whoever overhears it.
"""

from collections.abc import Callable

from kumoi.app.house import House
from kumoi.app.identity.passwords import WRONG
from kumoi.app.identity.tokens import Grant, Scope, granted
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Unauthenticated
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.signatures import Asked, ec2_holds, s3_holds, text_of
from kumoi.core.tenancy import AccessKey, User

METHODS = ("ec2credential",)


def by_ec2(house: House, call: Call, asked: Asked) -> Grant:
    """Unauthenticated for an unknown key or a signature that does not hold, without saying which."""
    return _by_key(house, call, asked.access, lambda secret: ec2_holds(asked, secret, call.now))


def by_s3(house: House, call: Call, access: str, signed: str, signature: str) -> Grant:
    """`signed`: the text under the signature, in base64."""
    text = text_of(signed)
    return _by_key(house, call, access, lambda secret: text is not None and s3_holds(text, signature, secret, call.now))


def _by_key(house: House, call: Call, access: str, holds: Callable[[str], bool]) -> Grant:
    allow(call, "token.read")

    def read(tx: Transaction) -> tuple[AccessKey | None, User | None]:
        found = tx.access_keys.find(Query(filters=(eq("access", access),)))
        return (found[0], tx.users.get(found[0].user_id)) if found else (None, None)

    key, user = house.store.read(read)
    if key is None or user is None or not user.enabled or not holds(house.vault.open(key.sealed_secret)):
        raise Unauthenticated("identity", reason=WRONG)
    return granted(house, user, Scope(project_id=key.project_id), METHODS)
