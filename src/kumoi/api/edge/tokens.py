"""Who calls, by X-Auth-Token: the same for every OpenStack service and the operator's own routes."""

from collections.abc import Callable
from urllib.parse import unquote

from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.identity import tokens
from kumoi.core.call import Actor
from kumoi.core.delegation import Asked
from kumoi.core.errors import Unauthenticated


def by_token(house: House) -> Callable[[Request], Actor]:
    """`Tongue.authenticate` for a service."""

    def authenticate(request: Request) -> Actor:
        token = request.header("x-auth-token")
        if not token:
            raise Unauthenticated("identity", reason="no_token")
        return tokens.actor_of(house, token, _asked(request))

    return authenticate


def _asked(request: Request) -> Asked:
    """The first segment of a path is its service's type; access rules are written without it."""
    service, _, path = unquote(request.raw_path.decode("latin-1")).lstrip("/").partition("/")
    return Asked(service=service, method=request.method, path=f"/{path}")
