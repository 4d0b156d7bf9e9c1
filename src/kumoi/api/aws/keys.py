"""Access keys as the signature check wants them, out of identity's doors."""

from kumoi.api.aws.signing import Signed, untrusted
from kumoi.app.house import House
from kumoi.app.identity import access_keys
from kumoi.core.call import Actor


class HouseKeys:
    """`actions.Keys`."""

    def __init__(self, house: House) -> None:
        self._house = house

    def secret_of(self, access_key: str) -> str | None:
        return access_keys.secret_of(self._house, access_key)

    def actor_of(self, signed: Signed) -> Actor:
        """Raises Unauthenticated for a key whose user or project does not count any more; there are no sessions yet."""
        if signed.token is not None:
            raise untrusted("token_invalid")
        actor = access_keys.actor_of(self._house, signed.access_key)
        if actor is None:
            raise untrusted("unknown_access_key")
        return actor
