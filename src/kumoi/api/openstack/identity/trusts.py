"""/v3/OS-TRUST/trusts."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.application_credentials import GivenRole
from kumoi.api.openstack.identity.paging import page
from kumoi.api.openstack.identity.roles import given_role, key, render
from kumoi.api.openstack.times import micro, seconds_of
from kumoi.app.house import House
from kumoi.app.identity import trusts
from kumoi.app.identity.trusts import REDELEGATIONS_MOST, TrustWish
from kumoi.core.delegation import Trust
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import ProjectId, TrustId, UserId
from kumoi.core.roles import Role

_PATH = "/v3/OS-TRUST/trusts"


class _New(msgspec.Struct):
    trustor_user_id: str
    trustee_user_id: str
    impersonation: bool
    project_id: str | None = None
    roles: list[GivenRole] | None = None
    expires_at: str | None = None
    remaining_uses: int | None = None
    allow_redelegation: bool | None = False
    redelegation_count: int | None = None


class CreateBody(msgspec.Struct):
    trust: _New


def routes(house: House) -> list[Route]:
    return [
        Route("GET", _PATH, partial(find, house), "identity.read_own", "identity"),
        Route("POST", _PATH, partial(create, house), "trust.create", "identity", body_type=CreateBody, success=201),
        Route("GET", _PATH + "/{id}", partial(show, house), "identity.read_own", "identity"),
        Route("DELETE", _PATH + "/{id}", partial(delete, house), "trust.delete", "identity", success=204),
        Route("GET", _PATH + "/{id}/roles", partial(roles, house), "identity.read_own", "identity"),
        Route("GET", _PATH + "/{id}/roles/{role}", partial(role, house), "identity.read_own", "identity"),
    ]


def find(house: House, request: Request) -> Response:
    found = trusts.find(house, request.call(), request.arg("trustor_user_id"), request.arg("trustee_user_id"))
    return page(request, "trusts", found, _render)


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).trust
    if new.project_id is None:
        raise Invalid("identity", field="project_id", reason="missing")
    deepest = REDELEGATIONS_MOST if new.redelegation_count is None else new.redelegation_count
    wish = TrustWish(
        trustor_id=UserId(new.trustor_user_id),
        trustee_id=UserId(new.trustee_user_id),
        project_id=ProjectId(new.project_id),
        roles=tuple(given_role(one.id, one.name) for one in new.roles or ()),
        impersonation=new.impersonation,
        expires_at=seconds_of("expires_at", new.expires_at) if new.expires_at else None,
        remaining_uses=new.remaining_uses,
        redelegations=deepest if new.allow_redelegation else 0,
    )
    made = trusts.create(house, request.call(), wish)
    return _shown(request, *trusts.get(house, request.call(), made.id), status=201)


def show(house: House, request: Request) -> Response:
    return _shown(request, *trusts.get(house, request.call(), _id(request)))


def delete(house: House, request: Request) -> Response:
    trusts.delete(house, request.call(), _id(request))
    return no_content()


def roles(house: House, request: Request) -> Response:
    return page(request, "roles", list(trusts.get(house, request.call(), _id(request))[1]), render)


def role(house: House, request: Request) -> Response:
    wanted = key(request.params["role"])
    for one in trusts.get(house, request.call(), _id(request))[1]:
        if one.id == wanted:
            return json_response({"role": render(request, one)})
    raise NotFound("identity", kind="role", id=request.params["role"])


def _id(request: Request) -> TrustId:
    return TrustId(request.params["id"])


def _shown(request: Request, trust: Trust, handed: tuple[Role, ...], status: int = 200) -> Response:
    here = f"{request.base_url}/identity{_PATH}/{trust.id}/roles"
    told = {"roles": [render(request, one) for one in handed], "roles_links": {"self": here, "next": None}}
    return json_response({"trust": {**_render(request, trust), **told}}, status)


def _render(request: Request, trust: Trust) -> dict[str, Any]:
    return {
        "id": trust.id,
        "trustor_user_id": trust.trustor_id,
        "trustee_user_id": trust.trustee_id,
        "project_id": trust.project_id,
        "impersonation": trust.impersonation,
        "expires_at": micro(trust.expires_at) if trust.expires_at is not None else None,
        "remaining_uses": trust.remaining_uses,
        "redelegation_count": trust.redelegations,
        "redelegated_trust_id": trust.parent_id or None,
        "deleted_at": None,
        "links": {"self": f"{request.base_url}/identity{_PATH}/{trust.id}"},
    }
