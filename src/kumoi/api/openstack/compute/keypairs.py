"""/os-keypairs."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_queries import page_limit
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app import keypairs
from kumoi.app.house import House
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import UserId
from kumoi.core.query import Query
from kumoi.core.tenancy import KeyPair


class _New(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    public_key: str | msgspec.UnsetType = msgspec.UNSET
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
    whose, query = _whose(request, request.arg("user_id")), Query()
    if at_least(request, 35):
        marker = request.arg("marker")
        last = keypairs.get(house, request.call(), marker, whose).id if marker else None
        query = Query(marker=last, limit=page_limit(request))
    found = keypairs.find(house, request.call(), query, whose)
    page: dict[str, Any] = {"keypairs": [{"keypair": _render(request, k)} for k in found]}
    if found and at_least(request, 35) and len(found) == query.limit:
        rest = [(k, v) for k, v in request.query if k != "marker"]
        href = f"{request.base_url}/compute{V}/os-keypairs?{urlencode([*rest, ('marker', found[-1].name)])}"
        page["keypairs_links"] = [{"rel": "next", "href": href}]
    return json_response(page)


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).keypair
    if new.type not in {None, "ssh"}:
        raise Unsupported("compute", what="x509_key_pairs")
    if new.type is not None and not at_least(request, 2):
        raise Invalid("api", field="keypair.type", reason="unknown_field")
    whose = _whose(request, new.user_id)
    if at_least(request, 92) and new.public_key is msgspec.UNSET:
        raise Invalid("api", field="keypair.public_key", reason="missing")
    given = None if new.public_key is msgspec.UNSET else new.public_key
    made, private = keypairs.create(house, request.call(), new.name, given, whose)
    shown = _render(request, made) | {"user_id": made.user_id}
    if private is not None:
        shown["private_key"] = private
    return json_response({"keypair": shown}, 201 if at_least(request, 2) else 200)


def show(house: House, request: Request) -> Response:
    found = keypairs.get(house, request.call(), request.params["name"], _whose(request, request.arg("user_id")))
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
    keypairs.delete(house, request.call(), request.params["name"], _whose(request, request.arg("user_id")))
    return Response(204 if at_least(request, 2) else 202)


def _whose(request: Request, user_id: str | None) -> UserId | None:
    """Since 2.10 administrators name a user."""
    return UserId(user_id) if user_id and at_least(request, 10) else None


def _render(request: Request, pair: KeyPair) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": pair.name,
        "public_key": pair.public_key,
        "fingerprint": pair.fingerprint,
    }
    if at_least(request, 2):
        shown["type"] = pair.type
    return shown
