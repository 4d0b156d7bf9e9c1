"""/v3/policies: documents that are kept for other programs."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page, query
from kumoi.app.house import House
from kumoi.app.identity import kept
from kumoi.app.identity.kept import POLICIES
from kumoi.core.given import given
from kumoi.core.ids import PolicyId
from kumoi.core.kept import Policy

_ONE = "/v3/policies/{id}"


class _New(msgspec.Struct):
    blob: Any
    type: str


class CreateBody(msgspec.Struct):
    policy: _New


class _Change(msgspec.Struct):
    blob: Any = msgspec.UNSET
    type: str | msgspec.UnsetType = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    policy: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v3/policies", partial(find, house), "identity.read", "identity"),
        Route("POST", "/v3/policies", partial(create, house), "identity.write", "identity", body_type=CreateBody,
              success=201),
        Route("GET", _ONE, partial(show, house), "identity.read", "identity"),
        Route("PATCH", _ONE, partial(update, house), "identity.write", "identity", body_type=UpdateBody),
        Route("DELETE", _ONE, partial(delete, house), "identity.write", "identity", success=204),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    wanted = query(request, {"type": "type"}, order="id")
    return page(request, "policies", kept.find(house, request.call(), POLICIES, wanted), _render)


def show(house: House, request: Request) -> Response:
    found = kept.get(house, request.call(), POLICIES, request.params["id"])
    return json_response({"policy": _render(request, found)})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).policy
    made = kept.create(house, request.call(), POLICIES, Policy(id=PolicyId(""), type=new.type, blob=_text(new.blob)))
    return json_response({"policy": _render(request, made)}, 201)


def update(house: House, request: Request) -> Response:
    changes = given(request.json(UpdateBody).policy)
    if "blob" in changes:
        changes["blob"] = _text(changes["blob"])
    done = kept.update(house, request.call(), POLICIES, request.params["id"], changes)
    return json_response({"policy": _render(request, done)})


def delete(house: House, request: Request) -> Response:
    kept.delete(house, request.call(), POLICIES, request.params["id"])
    return no_content()


def _text(blob: Any) -> str:
    """Whatever JSON it is; a text stays one."""
    return msgspec.json.encode(blob).decode()


def _render(request: Request, policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "type": policy.type,
        "blob": msgspec.json.decode(policy.blob),
        "links": {"self": f"{request.base_url}/identity/v3/policies/{policy.id}"},
    }
