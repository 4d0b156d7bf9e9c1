"""/v3/regions: this cloud's own, which stays as it is, and those that were entered."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site, own
from kumoi.api.openstack.identity.paging import page
from kumoi.app.house import House
from kumoi.app.identity import catalog
from kumoi.core.catalog import OtherRegion
from kumoi.core.errors import NotFound

_ONE = "/v3/regions/{id}"


class _New(msgspec.Struct):
    id: str | None = None
    description: str | None = ""
    parent_region_id: str | None = None


class CreateBody(msgspec.Struct):
    region: _New


class _Change(msgspec.Struct):
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    parent_region_id: str | msgspec.UnsetType | None = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    region: _Change


def routes(house: House, site: Site) -> list[Route]:
    return [
        Route("GET", "/v3/regions", partial(find, house, site), "identity.read_own", "identity"),
        Route("POST", "/v3/regions", partial(create, house, site), "identity.write", "identity",
              body_type=CreateBody, success=201),
        Route("PUT", _ONE, partial(create, house, site), "identity.write", "identity", body_type=CreateBody,
              success=201),
        Route("GET", _ONE, partial(show, house, site), "identity.read_own", "identity"),
        Route("PATCH", _ONE, partial(update, house, site), "identity.write", "identity", body_type=UpdateBody),
        Route("DELETE", _ONE, partial(delete, house, site), "identity.write", "identity", success=204),
    ]  # fmt: skip


def find(house: House, site: Site, request: Request) -> Response:
    parent = request.arg("parent_region_id")
    found = [region for region in _all(house, site, request) if parent in {None, region.parent_id}]
    return page(request, "regions", found, _render)


def show(house: House, site: Site, request: Request) -> Response:
    for region in _all(house, site, request):
        if region.id == request.params["id"]:
            return json_response({"region": _render(request, region)})
    raise NotFound("identity", kind="region", id=request.params["id"])


def create(house: House, site: Site, request: Request) -> Response:
    new = request.json(CreateBody).region
    wish = OtherRegion(
        id=request.params.get("id") or new.id or "",
        description=new.description or "",
        parent_id=new.parent_region_id or "",
    )
    made = catalog.create_region(house, request.call(), own(site), wish)
    return json_response({"region": _render(request, made)}, 201)


def update(house: House, site: Site, request: Request) -> Response:
    change = request.json(UpdateBody).region
    changes: dict[str, str] = {}
    if change.description is not msgspec.UNSET:
        changes["description"] = change.description or ""
    if change.parent_region_id is not msgspec.UNSET:
        changes["parent_id"] = change.parent_region_id or ""
    done = catalog.update_region(house, request.call(), own(site), request.params["id"], changes)
    return json_response({"region": _render(request, done)})


def delete(house: House, site: Site, request: Request) -> Response:
    catalog.delete_region(house, request.call(), own(site), request.params["id"])
    return no_content()


def _all(house: House, site: Site, request: Request) -> list[OtherRegion]:
    return [OtherRegion(id=site.region), *catalog.others(house, request.call()).regions]


def _render(request: Request, region: OtherRegion) -> dict[str, Any]:
    return {
        "id": region.id,
        "description": region.description,
        "parent_region_id": region.parent_id or None,
        "links": {"self": f"{request.base_url}/identity/v3/regions/{region.id}"},
    }
