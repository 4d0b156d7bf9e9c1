"""Who calls, by X-Auth-Token: the same for every OpenStack service and the operator's own routes."""

from collections.abc import Callable

from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.identity import tokens
from kumoi.core.call import Actor
from kumoi.core.errors import Unauthenticated


def by_token(house: House) -> Callable[[Request], Actor]:
    """`Tongue.authenticate` for a service."""

    def authenticate(request: Request) -> Actor:
        token = request.header("x-auth-token")
        if not token:
            raise Unauthenticated("identity", reason="no_token")
        return tokens.actor_of(house, token)

    return authenticate
