"""/resource_providers: hosts, what they have, what is used of it, and by whom; /resource_classes and /traits."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.placement.asking import asked_of
from kumoi.api.openstack.placement.versions import at_least
from kumoi.api.openstack.placement.words import CLASSES, TRAITS, amounts, answer, by_class, traits_of
from kumoi.app.hosts import providers
from kumoi.app.hosts.providers import Provider
from kumoi.app.house import House
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import is_uuid
from kumoi.core.policy import allow

PATH = "/resource_providers"
ACTION = "host.providers"
# A query's name, and the version that brought it.
_ASKED = {"name": 0, "uuid": 0, "member_of": 3, "resources": 4, "in_tree": 14, "required": 18}


def routes(house: House) -> list[Route]:
    one = PATH + "/{id}"
    return [
        Route("GET", PATH, partial(find, house), ACTION, "placement"),
        Route("GET", one, partial(show, house), ACTION, "placement"),
        Route("GET", one + "/inventories", partial(inventories, house), ACTION, "placement"),
        Route("GET", one + "/inventories/{name}", partial(inventory, house), ACTION, "placement"),
        Route("GET", one + "/usages", partial(usages, house), ACTION, "placement"),
        Route("GET", one + "/allocations", partial(allocations, house), ACTION, "placement"),
        Route("GET", one + "/aggregates", partial(aggregates, house), ACTION, "placement", min_version=(1, 1)),
        Route("GET", one + "/traits", partial(traits, house), ACTION, "placement", min_version=(1, 6)),
        Route("GET", "/resource_classes", find_classes, ACTION, "placement", min_version=(1, 2)),
        Route("GET", "/resource_classes/{name}", show_class, ACTION, "placement", min_version=(1, 2)),
        Route("GET", "/traits", partial(find_traits, house), ACTION, "placement", min_version=(1, 6)),
        Route("GET", "/traits/{name}", show_trait, ACTION, "placement", min_version=(1, 6)),
    ]


def find(house: House, request: Request) -> Response:
    allow(request.call(), ACTION)
    for key, _ in request.query:
        if not at_least(request, _ASKED.get(key, 1 << 16)):
            raise Invalid("api", field=key[:64], reason="unknown_field")
    tests = asked_of(request, "")
    name, row_id, wanted = (request.arg(key) for key in ("name", "uuid", "resources"))
    if row_id is not None and not is_uuid(row_id):
        raise Invalid("api", field="uuid", reason="not_a_uuid", value=row_id[:64])
    asked = amounts("resources", wanted) if wanted is not None else {}
    found = [
        one
        for one in providers.find(house, request.call())
        if name in {None, one.host.name} and row_id in {None, one.host.id} and all(test(one) for test in tests)
        and (not asked or one.fits(asked, request.now))
    ]  # fmt: skip
    return answer(request, {"resource_providers": [_shown(request, one) for one in found]})


def show(house: House, request: Request) -> Response:
    return answer(request, _shown(request, _one(house, request)))


def inventories(house: House, request: Request) -> Response:
    one = _one(house, request)
    shown = {name: _inventory(one, ours) for name, ours in CLASSES.items() if one.total(ours)}
    return answer(request, {"resource_provider_generation": one.host.generation, "inventories": shown})


def inventory(house: House, request: Request) -> Response:
    one, name = _one(house, request), request.params["name"]
    if name not in CLASSES or not one.total(CLASSES[name]):
        raise NotFound("compute", kind="inventory", id=name)
    return answer(request, _inventory(one, CLASSES[name]) | {"resource_provider_generation": one.host.generation})


def usages(house: House, request: Request) -> Response:
    one = _one(house, request)
    shown = {name: one.used(ours) for name, ours in CLASSES.items() if one.total(ours)}
    return answer(request, {"resource_provider_generation": one.host.generation, "usages": shown})


def allocations(house: House, request: Request) -> Response:
    one = _one(house, request)
    shown = {consumer: {"resources": by_class(held)} for consumer, held in one.held.items()}
    return answer(request, {"resource_provider_generation": one.host.generation, "allocations": shown})


def aggregates(house: House, request: Request) -> Response:
    one = _one(house, request)
    shown: dict[str, Any] = {"aggregates": [a.id for a in one.aggregates]}
    if at_least(request, 19):
        shown["resource_provider_generation"] = one.host.generation
    return answer(request, shown)


def traits(house: House, request: Request) -> Response:
    one = _one(house, request)
    told = {"traits": traits_of(one, request.now), "resource_provider_generation": one.host.generation}
    return answer(request, told)


def find_classes(request: Request) -> Response:
    allow(request.call(), ACTION)
    return answer(request, {"resource_classes": [_class(name) for name in CLASSES]})


def show_class(request: Request) -> Response:
    allow(request.call(), ACTION)
    name = request.params["name"]
    if name not in CLASSES:
        raise NotFound("compute", kind="resource_class", id=name)
    return answer(request, _class(name))


def find_traits(house: House, request: Request) -> Response:
    """`name`: `startswith:COMPUTE_` or `in:A,B`. `associated`: whether some provider has it."""
    wanted, associated = request.arg("name"), request.arg("associated")
    way, _, rest = (wanted or "startswith:").partition(":")
    if way not in {"startswith", "in"} or (associated or "true").lower() not in {"true", "false"}:
        raise Invalid("api", field="name" if way not in {"startswith", "in"} else "associated", reason="format")
    had = {t for one in providers.find(house, request.call()) for t in traits_of(one, request.now)}
    shown = [
        t for t in TRAITS
        if (t.startswith(rest) if way == "startswith" else t in rest.split(","))
        and (associated is None or (t in had) == (associated.lower() == "true"))
    ]  # fmt: skip
    return answer(request, {"traits": shown})


def show_trait(request: Request) -> Response:
    allow(request.call(), ACTION)
    if request.params["name"] not in TRAITS:
        raise NotFound("compute", kind="trait", id=request.params["name"])
    return no_content()


def _one(house: House, request: Request) -> Provider:
    return providers.get(house, request.call(), request.params["id"])


def _shown(request: Request, one: Provider) -> dict[str, Any]:
    url = f"/placement{PATH}/{one.host.id}"
    newer = (("aggregates", 1), ("traits", 6), ("allocations", 11))
    links = ["inventories", "usages", *(name for name, minor in newer if at_least(request, minor))]
    shown: dict[str, Any] = {
        "uuid": one.host.id,
        "name": one.host.name,
        "generation": one.host.generation,
        "links": [{"rel": "self", "href": url}, *({"rel": rel, "href": f"{url}/{rel}"} for rel in links)],
    }
    if at_least(request, 14):
        shown |= {"parent_provider_uuid": None, "root_provider_uuid": one.host.id}
    return shown


def _inventory(one: Provider, resource: str) -> dict[str, Any]:
    """Over-commit is the ratio of what may be held and what there is."""
    total = one.total(resource)
    most = one.room[resource].most if resource in one.room else total
    return {
        "total": total,
        "reserved": 0,
        "min_unit": 1,
        "max_unit": total,
        "step_size": 1,
        "allocation_ratio": round(most / total, 4),
    }


def _class(name: str) -> dict[str, Any]:
    return {"name": name, "links": [{"rel": "self", "href": f"/placement/resource_classes/{name}"}]}
