"""/traits: what providers can, in words; and those of a provider."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement import bodies
from kumoi.api.openstack.placement.answers import answer, done, located
from kumoi.api.openstack.placement.asking import check_known
from kumoi.api.openstack.placement.bodies import read
from kumoi.app.house import House
from kumoi.app.providers import change, words
from kumoi.core.errors import Invalid
from kumoi.core.policy import allow
from kumoi.core.providers import ResourceProvider

PATH: Final = "/traits"
OF_PROVIDER: Final = "/resource_providers/{id}/traits"
READ, NAMING, WRITE = "provider.read", "provider.name", "provider.update"
_TRUTHS: Final = {"true": True, "false": False}


def routes(house: House) -> list[Route]:
    one, since = PATH + "/{name}", (1, 6)
    return [
        Route("GET", PATH, partial(find, house), READ, "placement", min_version=since),
        Route("GET", one, partial(show, house), READ, "placement", min_version=since, success=204),
        Route("PUT", one, partial(ensure, house), NAMING, "placement", min_version=since, success=201),
        Route("DELETE", one, partial(delete, house), NAMING, "placement", min_version=since, success=204),
        Route("GET", OF_PROVIDER, partial(of_provider, house), READ, "placement", min_version=since),
        Route("PUT", OF_PROVIDER, partial(replace, house), WRITE, "placement", min_version=since,
              body_type=bodies.Traits),
        Route("DELETE", OF_PROVIDER, partial(take_away, house), WRITE, "placement", min_version=since, success=204),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    """`name`: `startswith:COMPUTE_` or `in:A,B`. `associated`: whether some provider has it."""
    allow(request.call(), READ)
    check_known(request, {"name": 0, "associated": 0})
    wanted, associated = request.arg("name"), request.arg("associated")
    way, colon, rest = (wanted if wanted is not None else "startswith:").partition(":")
    if not colon:
        raise Invalid("api", field="name", reason="query_trait_names", value=way[:255])
    if associated is not None and associated.lower() not in _TRUTHS:
        raise Invalid("api", field="associated", reason="query_associated")
    names = words.find_traits(house, request.call(), None if associated is None else _TRUTHS[associated.lower()])
    if way == "in":
        names = [name for name in names if name in rest.split(",")]
    elif way == "startswith":
        names = [name for name in names if name.startswith(rest)]
    return answer(request, {"traits": names})


def show(house: House, request: Request) -> Response:
    words.get_trait(house, request.call(), request.params["name"])
    return done(request, fresh=True)


def ensure(house: House, request: Request) -> Response:
    name = request.params["name"]
    made = words.make_trait(house, request.call(), name)
    return done(request, 201 if made else 204, located(request, f"{PATH}/{name}"), fresh=True)


def delete(house: House, request: Request) -> Response:
    words.delete_trait(house, request.call(), request.params["name"])
    return done(request)


def of_provider(house: House, request: Request) -> Response:
    return _answer(request, change.get(house, request.call(), request.params["id"]))


def replace(house: House, request: Request) -> Response:
    allow(request.call(), WRITE)
    body = read(request, bodies.Traits)
    one = words.set_traits(
        house, request.call(), request.params["id"], body.traits, body.resource_provider_generation
    )  # fmt: skip
    return _answer(request, one)


def take_away(house: House, request: Request) -> Response:
    words.set_traits(house, request.call(), request.params["id"], ())
    return done(request)


def _answer(request: Request, one: ResourceProvider) -> Response:
    told = {"traits": list(one.traits), "resource_provider_generation": one.revision}
    return answer(request, told, modified=one.updated_at)
