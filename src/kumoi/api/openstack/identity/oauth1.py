"""/v3/OS-OAUTH1 and /v3/users/{user}/OS-OAUTH1. What a consumer sends is signed, not sent with a token."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.identity.application_credentials import GivenRole
from kumoi.api.openstack.identity.paging import page, query
from kumoi.api.openstack.identity.roles import given_role, key, render
from kumoi.api.openstack.times import micro
from kumoi.app.house import House
from kumoi.app.identity import kept, oauth1
from kumoi.app.identity.oauth1 import CONSUMERS
from kumoi.core.errors import NotFound
from kumoi.core.oauth1 import Consumer, OauthAccess, Signed, parsed
from kumoi.core.roles import Role

_BASE: Final = "/v3/OS-OAUTH1"
_CONSUMER: Final = f"{_BASE}/consumers/{{id}}"
_ACCESSES: Final = "/v3/users/{user}/OS-OAUTH1/access_tokens"
_ACCESS: Final = f"{_ACCESSES}/{{id}}"
_FORM: Final = "application/x-www-form-urlencoded"


class _Consumer(msgspec.Struct):
    description: str | None = None


class ConsumerBody(msgspec.Struct):
    consumer: _Consumer


class AuthorizeBody(msgspec.Struct):
    roles: list[GivenRole]


def routes(house: House, site: Site) -> list[Route]:
    return [
        Route("GET", f"{_BASE}/consumers", partial(find, house), "identity.read", "identity"),
        Route("POST", f"{_BASE}/consumers", partial(create, house), "identity.write", "identity",
              body_type=ConsumerBody, success=201),
        Route("GET", _CONSUMER, partial(show, house), "identity.read", "identity"),
        Route("PATCH", _CONSUMER, partial(update, house), "identity.write", "identity", body_type=ConsumerBody),
        Route("DELETE", _CONSUMER, partial(delete, house), "identity.write", "identity", success=204),
        Route("POST", f"{_BASE}/request_token", partial(ask, house, site), "token.issue", "identity", anonymous=True,
              success=201),
        Route("PUT", f"{_BASE}/authorize/{{id}}", partial(authorize, house), "oauth.let", "identity",
              body_type=AuthorizeBody),
        Route("POST", f"{_BASE}/access_token", partial(open_access, house, site), "token.issue", "identity",
              anonymous=True, success=201),
        Route("GET", _ACCESSES, partial(accesses, house), "identity.read_own", "identity"),
        Route("GET", _ACCESS, partial(access, house), "identity.read_own", "identity"),
        Route("DELETE", _ACCESS, partial(take_back, house), "oauth.take_back", "identity", success=204),
        Route("GET", f"{_ACCESS}/roles", partial(roles, house), "identity.read_own", "identity"),
        Route("GET", f"{_ACCESS}/roles/{{role}}", partial(role, house), "identity.read_own", "identity"),
    ]  # fmt: skip


def signed(site: Site, request: Request) -> Signed:
    """The address that was signed is what the caller used, or what we are known by where a proxy is before us."""
    path = request.raw_path.decode("latin-1")
    return Signed(
        method=request.method,
        urls=tuple(dict.fromkeys(f"{base}{path}" for base in (request.base_url, site.url(request)))),
        params=(*request.query, *request.form),
        oauth=parsed(request.header("authorization") or ""),
    )


def find(house: House, request: Request) -> Response:
    wanted = query(request, {"id": "id"}, order="id")
    return page(request, "consumers", kept.find(house, request.call(), CONSUMERS, wanted), _consumer)


def create(house: House, request: Request) -> Response:
    described = request.json(ConsumerBody).consumer.description
    made, secret = oauth1.enter_consumer(house, request.call(), described or "")
    return json_response({"consumer": {**_consumer(request, made), "secret": secret}}, 201)


def show(house: House, request: Request) -> Response:
    found = kept.get(house, request.call(), CONSUMERS, request.params["id"])
    return json_response({"consumer": _consumer(request, found)})


def update(house: House, request: Request) -> Response:
    changes = {"description": request.json(ConsumerBody).consumer.description or ""}
    done = kept.update(house, request.call(), CONSUMERS, request.params["id"], changes)
    return json_response({"consumer": _consumer(request, done)})


def delete(house: House, request: Request) -> Response:
    kept.delete(house, request.call(), CONSUMERS, request.params["id"])
    return no_content()


def ask(house: House, site: Site, request: Request) -> Response:
    asked, secret = oauth1.ask(house, signed(site, request), request.header("requested-project-id") or "")
    return _told(asked.id, secret, asked.expires_at)


def authorize(house: House, request: Request) -> Response:
    wanted = tuple(given_role(one.id, one.name) for one in request.json(AuthorizeBody).roles)
    verifier = oauth1.let(house, request.call(), request.params["id"], wanted)
    return json_response({"token": {"oauth_verifier": verifier}})


def open_access(house: House, site: Site, request: Request) -> Response:
    made, secret = oauth1.open_access(house, request.id, signed(site, request))
    return _told(made.id, secret, made.expires_at)


def accesses(house: House, request: Request) -> Response:
    return page(request, "access_tokens", oauth1.find(house, request.call(), request.params["user"]), _access)


def access(house: House, request: Request) -> Response:
    return json_response({"access_token": _access(request, _one(house, request)[0])})


def take_back(house: House, request: Request) -> Response:
    oauth1.take_back(house, request.call(), request.params["user"], request.params["id"])
    return no_content()


def roles(house: House, request: Request) -> Response:
    return page(request, "roles", list(_one(house, request)[1]), render)


def role(house: House, request: Request) -> Response:
    wanted = key(request.params["role"])
    for one in _one(house, request)[1]:
        if one.id == wanted:
            return json_response({"role": render(request, one)})
    raise NotFound("identity", kind="role", id=request.params["role"])


def _one(house: House, request: Request) -> tuple[OauthAccess, tuple[Role, ...]]:
    return oauth1.get(house, request.call(), request.params["user"], request.params["id"])


def _told(token: str, secret: str, expires_at: float) -> Response:
    """A form, as OAuth answers."""
    told = f"oauth_token={token}&oauth_token_secret={secret}&oauth_expires_at={micro(expires_at)}"
    return Response(201, told.encode(), _FORM)


def _consumer(request: Request, consumer: Consumer) -> dict[str, Any]:
    return {
        "id": consumer.id,
        "description": consumer.description or None,
        "links": {"self": f"{request.base_url}/identity{_BASE}/consumers/{consumer.id}"},
    }


def _access(request: Request, access: OauthAccess) -> dict[str, Any]:
    here = f"{request.base_url}/identity/v3/users/{access.user_id}/OS-OAUTH1/access_tokens/{access.id}"
    return {
        "id": access.id,
        "consumer_id": access.consumer_id,
        "project_id": access.project_id,
        "authorizing_user_id": access.user_id,
        "expires_at": micro(access.expires_at),
        "links": {"self": here, "roles": f"{here}/roles"},
    }
