"""/allocations: what consumers hold of providers; /reshaper: inventories and allocations moved at once."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement import bodies
from kumoi.api.openstack.placement.answers import answer, done
from kumoi.api.openstack.placement.bodies import Emptiable, Generated, Held, Typed, dashed, read
from kumoi.api.openstack.placement.versions import at_least
from kumoi.app.house import House
from kumoi.app.providers import holding
from kumoi.app.providers.holding import Wish
from kumoi.app.providers.inventories import Wish as InventoryWish
from kumoi.core.errors import Invalid
from kumoi.core.policy import allow

READ, WRITE = "provider.read", "provider.allocate"
NOBODY: Final = "00000000-0000-0000-0000-000000000000"  # of consumers from before 1.8, whose owners were not told
# The body of each kind of request, the newest first, and the version that brought it.
_ONE: Final = (
    (38, bodies.Typed), (34, bodies.Mapped), (28, bodies.Generated), (12, bodies.Allocations), (8, bodies.OwnedList),
    (0, bodies.ListOfAllocations),
)  # fmt: skip
_MANY: Final = (
    (38, bodies.ManyTyped), (34, bodies.ManyMapped), (28, bodies.ManyGenerated), (0, bodies.ManyEmptiable),
)  # fmt: skip
_RESHAPED: Final = ((38, bodies.ReshapedTyped), (34, bodies.ReshapedMapped), (0, bodies.Reshaped))


def routes(house: House) -> list[Route]:
    one = "/allocations/{id}"
    return [
        Route("GET", one, partial(show, house), READ, "placement"),
        Route("PUT", one, partial(put, house), WRITE, "placement", body_type=bodies.Typed, success=204),
        Route("DELETE", one, partial(delete, house), WRITE, "placement", success=204),
        Route("POST", "/allocations", partial(put_many, house), WRITE, "placement", min_version=(1, 13), success=204,
              body_type=bodies.ManyTyped),
        Route("POST", "/reshaper", partial(reshape, house), WRITE, "placement", min_version=(1, 30), success=204,
              body_type=bodies.ReshapedTyped),
    ]  # fmt: skip


def show(house: House, request: Request) -> Response:
    """Nothing, not 404, for who holds nothing."""
    found = holding.get(house, request.call(), request.params["id"])
    if found is None:
        return answer(request, {"allocations": {}})
    shown: dict[str, Any] = {
        "allocations": {
            row_id: {"resources": amounts, "generation": found.revisions[row_id]}
            for row_id, amounts in found.amounts.items()
        }
    }
    if at_least(request, 12):
        shown |= {"project_id": found.project_id, "user_id": found.user_id}
    if at_least(request, 28):
        shown["consumer_generation"] = found.revision
    if at_least(request, 38):
        shown["consumer_type"] = found.kind or "unknown"
    return answer(request, shown)


def put(house: House, request: Request) -> Response:
    call = request.call()
    allow(call, WRITE)
    consumer = dashed(request.params["id"])
    if consumer is None:
        raise Invalid("api", field="consumer_uuid", reason="malformed_consumer", value=request.params["id"][:64])
    body = read(request, _newest(request, _ONE))
    holding.allocate(house, call, [_wish(consumer, body)])
    return done(request)


def put_many(house: House, request: Request) -> Response:
    allow(request.call(), WRITE)
    body = read(request, _newest(request, _MANY))
    holding.allocate(house, request.call(), [_wish(consumer, one) for consumer, one in body.items()])
    return done(request)


def delete(house: House, request: Request) -> Response:
    holding.free(house, request.call(), request.params["id"])
    return done(request)


def reshape(house: House, request: Request) -> Response:
    allow(request.call(), WRITE)
    body = read(request, _newest(request, _RESHAPED))
    offered = {
        row_id: InventoryWish(
            inventories={name: record.inventory() for name, record in one.inventories.items()},
            revision=one.resource_provider_generation,
        )
        for row_id, one in body.inventories.items()
    }
    wishes = [_wish(consumer, one) for consumer, one in body.allocations.items()]
    holding.reshape(house, request.call(), offered, wishes)
    return done(request)


def _newest(request: Request, kinds: tuple[tuple[int, Any], ...]) -> Any:
    return next(kind for since, kind in kinds if at_least(request, since))


def _wish(consumer: str, body: Any) -> Wish:
    told = isinstance(body, bodies.OwnedList | Emptiable)
    return Wish(
        consumer=consumer,
        project_id=body.project_id if told else NOBODY,
        user_id=body.user_id if told else NOBODY,
        amounts=_amounts(body),
        kind=body.consumer_type if isinstance(body, Typed) else None,
        revision=body.consumer_generation if isinstance(body, Generated) else None,
        any_revision=not isinstance(body, Generated),
    )


def _amounts(body: Any) -> dict[str, dict[str, int]]:
    if isinstance(body, bodies.ListOfAllocations):
        return {dashed(entry.resource_provider.uuid) or "": entry.resources for entry in body.allocations}
    held: Mapping[str, Held] = body.allocations
    return {row_id: one.resources for row_id, one in held.items()}
