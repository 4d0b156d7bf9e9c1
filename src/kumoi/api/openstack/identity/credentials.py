"""/v3/credentials."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page
from kumoi.app.house import House
from kumoi.app.identity import credentials
from kumoi.app.identity.credentials import Opened
from kumoi.core.ids import CredentialId, UserId

_ONE = "/v3/credentials/{id}"


class _New(msgspec.Struct):
    blob: str
    type: str
    user_id: str
    project_id: str | None = None


class CreateBody(msgspec.Struct):
    credential: _New


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    blob: str


class UpdateBody(msgspec.Struct):
    credential: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v3/credentials", partial(find, house), "identity.read_own", "identity"),
        Route("POST", "/v3/credentials", partial(create, house), "credential.make", "identity",
              body_type=CreateBody, success=201),
        Route("GET", _ONE, partial(show, house), "identity.read_own", "identity"),
        Route("PATCH", _ONE, partial(update, house), "credential.make", "identity", body_type=UpdateBody),
        Route("DELETE", _ONE, partial(delete, house), "credential.make", "identity", success=204),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    found = credentials.find(house, request.call(), request.arg("user_id"), request.arg("type"))
    return page(request, "credentials", found, _render)


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).credential
    wish = Opened(
        id=CredentialId(""),
        user_id=UserId(new.user_id),
        project_id=new.project_id or "",
        type=new.type,
        blob=new.blob,
    )
    return json_response({"credential": _render(request, credentials.create(house, request.call(), wish))}, 201)


def show(house: House, request: Request) -> Response:
    return json_response({"credential": _render(request, credentials.get(house, request.call(), request.params["id"]))})


def update(house: House, request: Request) -> Response:
    blob = request.json(UpdateBody).credential.blob
    done = credentials.update(house, request.call(), request.params["id"], blob)
    return json_response({"credential": _render(request, done)})


def delete(house: House, request: Request) -> Response:
    credentials.delete(house, request.call(), request.params["id"])
    return no_content()


def _render(request: Request, one: Opened) -> dict[str, Any]:
    return {
        "id": one.id,
        "user_id": one.user_id,
        "project_id": one.project_id or None,
        "type": one.type,
        "blob": one.blob,
        "links": {"self": f"{request.base_url}/identity/v3/credentials/{one.id}"},
    }
