"""/resource_classes: the standard ones, and operators' own."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement import bodies
from kumoi.api.openstack.placement.answers import answer, done, located
from kumoi.api.openstack.placement.bodies import read
from kumoi.app.house import House
from kumoi.app.providers import words
from kumoi.core import resource_classes
from kumoi.core.errors import Invalid, Taken
from kumoi.core.policy import allow

PATH: Final = "/resource_classes"
READ, WRITE = "provider.read", "provider.name"


def routes(house: House) -> list[Route]:
    one, since = PATH + "/{name}", (1, 2)
    return [
        Route("GET", PATH, partial(find, house), READ, "placement", min_version=since),
        Route("POST", PATH, partial(create, house), WRITE, "placement", min_version=since, success=201,
              body_type=bodies.NamedClass),
        Route("GET", one, partial(show, house), READ, "placement", min_version=since),
        Route("PUT", one, partial(rename, house), WRITE, "placement", min_version=since, max_version=(1, 6),
              body_type=bodies.NamedClass),
        Route("PUT", one, partial(ensure, house), WRITE, "placement", min_version=(1, 7), success=201),
        Route("DELETE", one, partial(delete, house), WRITE, "placement", min_version=since, success=204),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    return answer(request, {"resource_classes": [_shown(name) for name in words.find_classes(house, request.call())]})


def create(house: House, request: Request) -> Response:
    allow(request.call(), WRITE)
    name = read(request, bodies.NamedClass).name
    if not words.make_class(house, request.call(), name):
        raise Taken("compute", kind="resource_class", name=name, reason="class")
    return done(request, 201, located(request, f"{PATH}/{name}"))


def show(house: House, request: Request) -> Response:
    return answer(request, _shown(words.get_class(house, request.call(), request.params["name"])))


def rename(house: House, request: Request) -> Response:
    allow(request.call(), WRITE)
    name = read(request, bodies.NamedClass).name
    words.rename_class(house, request.call(), request.params["name"], name)
    return answer(request, _shown(name))


def ensure(house: House, request: Request) -> Response:
    """Made, or there already."""
    name = request.params["name"]
    allow(request.call(), WRITE)
    if len(name) > bodies.LONGEST:
        raise Invalid("api", field="name", reason="length", bound=f"<= {bodies.LONGEST}", value=name)
    if resource_classes.CUSTOM.fullmatch(name) is None:
        raise Invalid("api", field="name", reason="pattern", value=bodies.CUSTOM)
    made = words.make_class(house, request.call(), name)
    return done(request, 201 if made else 204, located(request, f"{PATH}/{name}"))


def delete(house: House, request: Request) -> Response:
    words.delete_class(house, request.call(), request.params["name"])
    return done(request)


def _shown(name: str) -> dict[str, Any]:
    return {"name": name, "links": [{"rel": "self", "href": f"/placement{PATH}/{name}"}]}
