"""/resource_providers/{id}/inventories: how much a provider has of each resource class."""

from functools import partial
from typing import Any, Final

from msgspec.structs import asdict

from kumoi.api.edge.errors import MethodNotAllowed
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement import bodies
from kumoi.api.openstack.placement.answers import answer, done, located
from kumoi.api.openstack.placement.bodies import check_kind, read
from kumoi.api.openstack.placement.versions import at_least
from kumoi.app.house import House
from kumoi.app.providers import change, inventories
from kumoi.app.providers.inventories import Wish
from kumoi.core.errors import NotFound
from kumoi.core.policy import allow
from kumoi.core.providers import Inventory, ResourceProvider

PATH: Final = "/resource_providers/{id}/inventories"
READ, WRITE = "provider.read", "provider.update"


def routes(house: House) -> list[Route]:
    one = PATH + "/{name}"
    return [
        Route("GET", PATH, partial(find, house), READ, "placement"),
        Route("POST", PATH, partial(create, house), WRITE, "placement", body_type=bodies.NewInventory, success=201),
        Route("PUT", PATH, partial(replace, house), WRITE, "placement", body_type=bodies.Inventories),
        Route("DELETE", PATH, partial(delete_all, house), WRITE, "placement", success=204),
        Route("GET", one, partial(show, house), READ, "placement"),
        Route("PUT", one, partial(update, house), WRITE, "placement", body_type=bodies.ChangedInventory),
        Route("DELETE", one, partial(delete, house), WRITE, "placement", success=204),
    ]


def find(house: House, request: Request) -> Response:
    return _all(request, change.get(house, request.call(), request.params["id"]))


def show(house: House, request: Request) -> Response:
    one, name = change.get(house, request.call(), request.params["id"]), request.params["name"]
    if name not in one.inventories:
        raise NotFound("compute", kind="inventory", id=name, provider=one.id, reason="inventory")
    return _one(request, one, name)


def create(house: House, request: Request) -> Response:
    call, row_id = request.call(), request.params["id"]
    allow(call, WRITE)
    check_kind(request)
    change.get(house, call, row_id)
    body = read(request, bodies.NewInventory)
    name = body.resource_class
    wish = Wish(inventories={name: body.inventory()}, all_reserved=at_least(request, 26))
    one = inventories.add(house, call, row_id, wish)
    return _one(request, one, name, 201, located(request, f"/resource_providers/{row_id}/inventories/{name}"))


def replace(house: House, request: Request) -> Response:
    call, row_id = request.call(), request.params["id"]
    allow(call, WRITE)
    check_kind(request)
    change.get(house, call, row_id)
    body = read(request, bodies.Inventories)
    wish = Wish(
        inventories={name: record.inventory() for name, record in body.inventories.items()},
        revision=body.resource_provider_generation,
        all_reserved=at_least(request, 26),
    )
    return _all(request, inventories.put_all(house, call, row_id, wish))


def update(house: House, request: Request) -> Response:
    call, row_id, name = request.call(), request.params["id"], request.params["name"]
    allow(call, WRITE)
    check_kind(request)
    change.get(house, call, row_id)
    body = read(request, bodies.ChangedInventory)
    wish = Wish(
        inventories={name: body.inventory()},
        revision=body.resource_provider_generation,
        all_reserved=at_least(request, 26),
    )
    return _one(request, inventories.put(house, call, row_id, wish), name)


def delete(house: House, request: Request) -> Response:
    inventories.delete(house, request.call(), request.params["id"], request.params["name"])
    return done(request)


def delete_all(house: House, request: Request) -> Response:
    """Since 1.5."""
    if not at_least(request, 5):
        raise MethodNotAllowed(method="DELETE", path=request.raw_path.decode("latin-1"), allow=["GET", "POST", "PUT"])
    inventories.delete_all(house, request.call(), request.params["id"])
    return done(request)


def _all(request: Request, one: ResourceProvider) -> Response:
    shown = {name: _shown(has) for name, has in one.inventories.items()}
    told = {"resource_provider_generation": one.revision, "inventories": shown}
    return answer(request, told, modified=one.updated_at)


def _one(
    request: Request, one: ResourceProvider, name: str, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    told = _shown(one.inventories[name]) | {"resource_provider_generation": one.revision}
    return answer(request, told, status, one.updated_at, headers)


def _shown(one: Inventory) -> dict[str, Any]:
    return asdict(one)
