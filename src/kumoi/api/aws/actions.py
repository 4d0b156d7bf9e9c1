"""A query-style service (EC2, STS) as a tongue: one path, and its operations by the name in `Action`.

A handler takes the request and the parsed parameters, and gives the answer's members; it knows no form, no XML and
no signature:

    def describe_regions(request: Request, wish: dict[str, Any]) -> dict[str, Any]:
        return {"Regions": [{"RegionName": "RegionOne", "Endpoint": …}]}

    ec2 = query_tongue("ec2", "/ec2", [Action("DescribeRegions", describe_regions, "zone.read")], keys)

A handler runs in a pool's thread, unless it says that it `waits`: then it is a coroutine function on the event loop.
EC2's `DryRun` is answered here: what would the door say of this caller?
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from kumoi.api.aws.errors import Dialect, WouldSucceed, answer_to
from kumoi.api.aws.protocol import XML, Operation, Pairs, Service, service
from kumoi.api.aws.signatures import who_signed
from kumoi.api.aws.signing import Signed, Terms
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Pool, Route, Tongue
from kumoi.api.edge.text import say
from kumoi.core.call import Actor
from kumoi.core.errors import KumoiError, Unsupported
from kumoi.core.policy import allow

Values = dict[str, Any]
Handler = Callable[[Request, Values], Values]
WaitingHandler = Callable[[Request, Values], Awaitable[Values]]
_READS: Final = ("Describe", "Get", "List")


class Action(msgspec.Struct, frozen=True):
    """One operation: AWS's name, its handler, and the policy name that the door checks.

    pool    None: by the name, as AWS's clients post what they only read, too
    waits   a handler that waits for something: a coroutine function
    """

    name: str
    handler: Handler | WaitingHandler
    action: str
    pool: Pool | None = None
    waits: bool = False

    @property
    def runs_in(self) -> Pool:
        if self.pool is not None:
            return self.pool
        return "read" if self.name.startswith(_READS) else "write"


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
            Route("POST", "/", desk.answer, f"{name}.call", name, wait=True),
            Route("GET", "/", desk.answer, f"{name}.call", name, wait=True),
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

    async def answer(self, request: Request) -> Response:
        operation, fields = self._asked(request)
        action = self._actions.get(operation.name)
        if action is None:
            raise Unsupported(what=operation.name)
        if action.waits:
            values = await action.handler(request, self._wish(request, operation, action, fields))  # type: ignore[misc]
            return Response(200, operation.render(values, request.id), XML)
        response: Response = await request.run_in(
            action.runs_in, partial(self._serve, request, operation, action, fields)
        )
        return response

    def _serve(self, request: Request, operation: Operation, action: Action, fields: Pairs) -> Response:
        values = action.handler(request, self._wish(request, operation, action, fields))
        return Response(200, operation.render(values, request.id), XML)  # type: ignore[arg-type]

    def _asked(self, request: Request) -> tuple[Operation, Pairs]:
        fields = [*request.query, *request.form]
        return self._wire.operation(fields), fields

    def _wish(self, request: Request, operation: Operation, action: Action, fields: Pairs) -> Values:
        """The parameters. Raises WouldSucceed where only that was asked, Forbidden where it would not."""
        wish = operation.parse(fields)
        if wish.pop("DryRun", False):
            allow(request.call(), action.action)
            raise WouldSucceed
        return wish

    def render_error(self, request: Request, error: KumoiError) -> Response:
        code, status = answer_to(error, self._dialect)
        message = say(error, request.locale)
        return Response(status, self._wire.error(code, message, request.id, status), XML)
