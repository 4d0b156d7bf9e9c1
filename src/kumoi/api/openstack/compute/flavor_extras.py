"""/flavors/{id}/os-extra_specs and /flavors/{id}/os-flavor-access."""

import re
from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute import extra_spec_rules
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app import flavors
from kumoi.app.house import House
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import FlavorId, ProjectId

_KEY = re.compile(r"[a-zA-Z0-9_\-. :]{1,255}")
_Value = str | int | float


class SpecsBody(msgspec.Struct, forbid_unknown_fields=True):
    extra_specs: dict[str, _Value]


class _Tenant(msgspec.Struct, forbid_unknown_fields=True):
    tenant: str


class AddBody(msgspec.Struct, forbid_unknown_fields=True):
    access: _Tenant = msgspec.field(name="addTenantAccess")


class RemoveBody(msgspec.Struct, forbid_unknown_fields=True):
    access: _Tenant = msgspec.field(name="removeTenantAccess")


def routes(house: House) -> list[Route]:
    specs, one = V + "/flavors/{id}/os-extra_specs", V + "/flavors/{id}/os-extra_specs/{key}"
    action = V + "/flavors/{id}/action"
    return [
        Route("GET", specs, partial(show_all, house), "flavor.read", "compute"),
        Route("POST", specs, partial(put_all, house), "flavor.update", "compute", body_type=SpecsBody),
        Route("GET", one, partial(show_one, house), "flavor.read", "compute"),
        Route("PUT", one, partial(put_one, house), "flavor.update", "compute", body_type=dict[str, _Value]),
        Route("DELETE", one, partial(drop_one, house), "flavor.update", "compute"),
        Route("GET", V + "/flavors/{id}/os-flavor-access", partial(access, house), "flavor.update", "compute"),
        Route("POST", action, partial(add, house), "flavor.update", "compute", body_key="addTenantAccess",
              body_type=AddBody),
        Route("POST", action, partial(remove, house), "flavor.update", "compute", body_key="removeTenantAccess",
              body_type=RemoveBody),
    ]  # fmt: skip


def flavor_id(request: Request) -> FlavorId:
    return FlavorId(request.params["id"])


def show_all(house: House, request: Request) -> Response:
    return json_response({"extra_specs": flavors.get(house, request.call(), flavor_id(request)).extra_specs})


def put_all(house: House, request: Request) -> Response:
    wished = _checked(request, request.json(SpecsBody).extra_specs)
    flavors.put_specs(house, request.call(), flavor_id(request), wished)
    return json_response({"extra_specs": wished})


def show_one(house: House, request: Request) -> Response:
    specs, key = flavors.get(house, request.call(), flavor_id(request)).extra_specs, request.params["key"]
    if key not in specs:
        raise NotFound("compute", kind="extra_spec", id=key)
    return json_response({key: specs[key]})


def put_one(house: House, request: Request) -> Response:
    wished = _checked(request, request.json(dict[str, _Value]))
    if list(wished) != [request.params["key"]]:
        raise Invalid("api", field=request.params["key"][:32], reason="missing")
    flavors.put_specs(house, request.call(), flavor_id(request), wished)
    return json_response(wished)


def drop_one(house: House, request: Request) -> Response:
    flavors.drop_spec(house, request.call(), flavor_id(request), request.params["key"])
    return Response(200)


def access(house: House, request: Request) -> Response:
    return _shown(request, flavors.access(house, request.call(), flavor_id(request)))


def add(house: House, request: Request) -> Response:
    project = ProjectId(request.json(AddBody).access.tenant)
    return _shown(request, flavors.open_to(house, request.call(), flavor_id(request), project))


def remove(house: House, request: Request) -> Response:
    project = ProjectId(request.json(RemoveBody).access.tenant)
    return _shown(request, flavors.close_to(house, request.call(), flavor_id(request), project))


def _shown(request: Request, projects: list[ProjectId]) -> Response:
    found: list[dict[str, Any]] = [{"flavor_id": flavor_id(request), "tenant_id": p} for p in projects]
    return json_response({"flavor_access": found})


def _checked(request: Request, specs: dict[str, _Value]) -> dict[str, str]:
    for key, value in specs.items():
        if not _KEY.fullmatch(key):
            raise Invalid("api", field=f"extra_specs.{key[:32]}", reason="format")
        if len(str(value)) > 255:
            raise Invalid("api", field=f"extra_specs.{key}", reason="length", bound="at most 255")
    told = {key: str(value) for key, value in specs.items()}
    if at_least(request, 86):
        extra_spec_rules.check(told)
    return told
