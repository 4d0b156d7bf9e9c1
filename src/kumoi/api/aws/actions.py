"""A query-style service (EC2, STS) as a tongue: one path, and its operations by the name in `Action`.

A handler takes the request and the parsed parameters, and gives the answer's members; it knows no form, no XML and
no signature:

    def describe_regions(request: Request, wish: dict[str, Any]) -> dict[str, Any]:
        return {"Regions": [{"RegionName": "RegionOne", "Endpoint": …}]}

    ec2 = query_tongue("ec2", "/ec2", [Action("DescribeRegions", describe_regions, "regions.read")], keys)
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from kumoi.api.aws.errors import Dialect, answer_to
from kumoi.api.aws.protocol import XML, Service, service
from kumoi.api.aws.signatures import who_signed
from kumoi.api.aws.signing import Signed, Terms
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Pool, Route, Tongue
from kumoi.api.edge.text import say
from kumoi.core.call import Actor
from kumoi.core.errors import Invalid, KumoiError, Unsupported

Values = dict[str, Any]
_READS: Final = ("Describe", "Get", "List")


class Action(msgspec.Struct, frozen=True):
    """One operation: AWS's name, its handler, and the policy name that the door checks."""

    name: str
    handler: Callable[[Request, Values], Values]
    action: str


class Keys(Protocol):
    """Access keys, as the doors of identity know them."""

    def secret_of(self, access_key: str) -> str | None: ...
    def actor_of(self, signed: Signed) -> Actor:
        """The key's user in the key's project. Raises Unauthenticated."""
        ...


def query_tongue(
    name: str,
    prefix: str,
    actions: Sequence[Action],
    keys: Keys,
    regions: frozenset[str] | None = None,
) -> Tongue:
    """`name` is the service's in signatures and in `models`; `regions` those that a signature may be for, None any."""
    desk = _Desk(service(name), name, actions, keys, regions)
    return Tongue(
        name=name,
        prefix=prefix,
        routes=[
            Route("POST", "/", desk.answer, f"{name}.call", name, pool_of=desk.pool_of),
            Route("GET", "/", desk.answer, f"{name}.call", name, pool_of=desk.pool_of),
        ],
        authenticate=desk.authenticate,
        render_error=desk.render_error,
        id_headers=("x-amzn-requestid",),
    )


class _Desk:
    def __init__(
        self,
        wire: Service,
        name: str,
        actions: Sequence[Action],
        keys: Keys,
        regions: frozenset[str] | None,
    ) -> None:
        self._wire = wire
        self._name = name
        self._dialect: Dialect = "ec2" if name == "ec2" else "query"
        self._actions = {a.name: a for a in actions}
        self._keys = keys
        self._regions = regions

    def authenticate(self, request: Request) -> Actor:
        terms = Terms(service=self._name, now=request.now, regions=self._regions)
        fields = [*request.query, *request.form]
        return self._keys.actor_of(who_signed(request, fields, terms, self._keys.secret_of))

    def answer(self, request: Request) -> Response:
        fields = [*request.query, *request.form]
        operation = self._wire.operation(fields)
        action = self._actions.get(operation.name)
        if action is None:
            raise Unsupported(what=operation.name)
        values = action.handler(request, operation.parse(fields))
        return Response(200, operation.render(values, request.id), XML)

    def render_error(self, request: Request, error: KumoiError) -> Response:
        code, status = answer_to(error, self._dialect)
        message = say(error, request.locale)
        return Response(status, self._wire.error(code, message, request.id, status), XML)

    def pool_of(self, request: Request) -> Pool:
        """By the action's name: AWS's clients post what they only read, too."""
        try:
            names = [v for k, v in (*request.query, *request.form) if k == "Action"]
        except Invalid:
            return "read"  # it will be refused there
        return "read" if names and names[0].startswith(_READS) else "write"
