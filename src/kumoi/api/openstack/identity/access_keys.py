"""/v3/users/{user}/credentials/OS-EC2: access keys."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.app.house import House
from kumoi.app.identity import access_keys
from kumoi.core.ids import ProjectId, UserId
from kumoi.core.tenancy import AccessKey

_PATH = "/v3/users/{user}/credentials/OS-EC2"


class CreateBody(msgspec.Struct):
    tenant_id: str


def routes(house: House) -> list[Route]:
    return [
        Route("GET", _PATH, partial(find, house), "credential.own", "identity"),
        Route("POST", _PATH, partial(create, house), "credential.own", "identity", body_type=CreateBody, success=201),
        Route("GET", _PATH + "/{access}", partial(show, house), "credential.own", "identity"),
        Route("DELETE", _PATH + "/{access}", partial(delete, house), "credential.own", "identity", success=204),
    ]


def user(request: Request) -> UserId:
    return UserId(request.params["user"])


def find(house: House, request: Request) -> Response:
    held = access_keys.find(house, request.call(), user(request))
    links = {"self": f"{request.base_url}{request.raw_path.decode('latin-1')}", "next": None, "previous": None}
    return json_response({"credentials": [_render(request, k, s) for k, s in held], "links": links})


def create(house: House, request: Request) -> Response:
    project = ProjectId(request.json(CreateBody).tenant_id)
    key, secret = access_keys.create(house, request.call(), user(request), project)
    return json_response({"credential": _render(request, key, secret)}, 201)


def show(house: House, request: Request) -> Response:
    key, secret = access_keys.get(house, request.call(), user(request), request.params["access"])
    return json_response({"credential": _render(request, key, secret)})


def delete(house: House, request: Request) -> Response:
    access_keys.delete(house, request.call(), user(request), request.params["access"])
    return no_content()


def _render(request: Request, key: AccessKey, secret: str) -> dict[str, Any]:
    here = f"{request.base_url}/identity/v3/users/{key.user_id}/credentials/OS-EC2/{key.access}"
    return {
        "access": key.access,
        "secret": secret,
        "user_id": key.user_id,
        "tenant_id": key.project_id,
        "trust_id": None,
        "links": {"self": here},
    }
