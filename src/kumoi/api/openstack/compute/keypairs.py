"""/os-keypairs."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app import keypairs
from kumoi.app.house import House
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.query import Query
from kumoi.core.tenancy import KeyPair


class _New(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    public_key: str | None = None
    type: str | None = None
    user_id: str | None = None


class CreateBody(msgspec.Struct):
    keypair: _New


def routes(house: House) -> list[Route]:
    return [
        Route("GET", V + "/os-keypairs", partial(find, house), "keypair.read", "compute"),
        Route(
            "POST",
            V + "/os-keypairs",
            partial(create, house),
            "keypair.create",
            "compute",
            body_type=CreateBody,
            pool="hash",
        ),
        Route("GET", V + "/os-keypairs/{name}", partial(show, house), "keypair.read", "compute"),
        Route("DELETE", V + "/os-keypairs/{name}", partial(delete, house), "keypair.delete", "compute", success=202),
    ]


def find(house: House, request: Request) -> Response:
    found = keypairs.find(house, request.call(), Query())
    return json_response({"keypairs": [{"keypair": _render(request, k)} for k in found]})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).keypair
    if new.type not in {None, "ssh"}:
        raise Unsupported("compute", what="x509_key_pairs")
    if new.type is not None and not at_least(request, 2):
        raise Invalid("api", field="keypair.type", reason="unknown_field")
    made, private = keypairs.create(house, request.call(), new.name, new.public_key)
    shown = _render(request, made) | {"user_id": made.user_id}
    if private is not None:
        shown["private_key"] = private
    return json_response({"keypair": shown}, 201 if at_least(request, 2) else 200)


def show(house: House, request: Request) -> Response:
    found = keypairs.get(house, request.call(), request.params["name"])
    shown = _render(request, found) | {
        "user_id": found.user_id,
        "id": int(found.id[:8], 16),
        "deleted": False,
        "created_at": second(found.created_at)[:-1] + ".000000",
        "updated_at": None,
        "deleted_at": None,
    }
    return json_response({"keypair": shown})


def delete(house: House, request: Request) -> Response:
    keypairs.delete(house, request.call(), request.params["name"])
    return Response(204 if at_least(request, 2) else 202)


def _render(request: Request, pair: KeyPair) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": pair.name,
        "public_key": pair.public_key,
        "fingerprint": pair.fingerprint,
    }
    if at_least(request, 2):
        shown["type"] = pair.type
    return shown
