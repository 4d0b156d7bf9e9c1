"""/v3/users/{user}/application_credentials and access_rules."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page
from kumoi.api.openstack.identity.roles import given_role, shown_id
from kumoi.api.openstack.times import bare, seconds_of
from kumoi.app.house import House
from kumoi.app.identity import application_credentials
from kumoi.app.identity.application_credentials import CredentialWish, Shown
from kumoi.core.delegation import AccessRule
from kumoi.core.errors import Invalid
from kumoi.core.ids import AccessRuleId, ApplicationCredentialId, UserId

_PATH = "/v3/users/{user}/application_credentials"
_RULES = "/v3/users/{user}/access_rules"


class GivenRole(msgspec.Struct):
    id: str = ""
    name: str = ""


class _Rule(msgspec.Struct):
    id: str = ""
    service: str = ""
    method: str = ""
    path: str = ""


class _New(msgspec.Struct):
    name: str
    description: str | None = ""
    secret: str | None = None
    roles: list[GivenRole] | None = None
    access_rules: list[_Rule] | None = None
    unrestricted: bool | None = False
    expires_at: str | None = None


class CreateBody(msgspec.Struct):
    application_credential: _New


def routes(house: House) -> list[Route]:
    return [
        Route("GET", _PATH, partial(find, house), "identity.read_own", "identity"),
        Route("POST", _PATH, partial(create, house), "application_credential.create", "identity",
              body_type=CreateBody, pool="hash", success=201),
        Route("GET", _PATH + "/{id}", partial(show, house), "identity.read_own", "identity"),
        Route("DELETE", _PATH + "/{id}", partial(delete, house), "application_credential.delete", "identity",
              success=204),
        Route("GET", _RULES, partial(rules, house), "identity.read_own", "identity"),
        Route("GET", _RULES + "/{id}", partial(show_rule, house), "identity.read_own", "identity"),
        Route("DELETE", _RULES + "/{id}", partial(delete_rule, house), "application_credential.delete", "identity",
              success=204),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    found = application_credentials.find(house, request.call(), _user(request), request.arg("name"))
    return page(request, "application_credentials", found, _render)


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).application_credential
    wish = CredentialWish(
        name=new.name,
        description=new.description or "",
        secret=new.secret,
        roles=tuple(given_role(role.id, role.name) for role in new.roles or ()),
        rules=None if new.access_rules is None else tuple(_wish(rule) for rule in new.access_rules),
        unrestricted=bool(new.unrestricted),
        expires_at=seconds_of("expires_at", new.expires_at) if new.expires_at else None,
    )
    made, secret = application_credentials.create(house, request.call(), _user(request), wish)
    return json_response({"application_credential": {**_render(request, made), "secret": secret}}, 201)


def show(house: House, request: Request) -> Response:
    found = application_credentials.get(house, request.call(), _user(request), _id(request))
    return json_response({"application_credential": _render(request, found)})


def delete(house: House, request: Request) -> Response:
    application_credentials.delete(house, request.call(), _user(request), _id(request))
    return no_content()


def rules(house: House, request: Request) -> Response:
    found = application_credentials.rules(house, request.call(), _user(request))
    return page(request, "access_rules", found, _render_rule)


def show_rule(house: House, request: Request) -> Response:
    found = application_credentials.rule(house, request.call(), _user(request), AccessRuleId(request.params["id"]))
    return json_response({"access_rule": _render_rule(request, found)})


def delete_rule(house: House, request: Request) -> Response:
    application_credentials.delete_rule(house, request.call(), _user(request), AccessRuleId(request.params["id"]))
    return no_content()


def _wish(rule: _Rule) -> tuple[str, str, str] | str:
    if rule.id:
        return rule.id
    for name in ("service", "method", "path"):
        if not getattr(rule, name):
            raise Invalid("identity", field=f"access_rules.{name}", reason="missing")
    return rule.service, rule.method, rule.path


def _render(request: Request, one: Shown) -> dict[str, Any]:
    credential = one.credential
    here = f"{request.base_url}/identity/v3/users/{credential.user_id}/application_credentials/{credential.id}"
    shown: dict[str, Any] = {
        "id": credential.id,
        "name": credential.name,
        "description": credential.description or None,
        "project_id": credential.project_id,
        "user_id": credential.user_id,
        "roles": [{"id": shown_id(r.id), "name": r.name, "domain_id": r.domain_id or None} for r in one.roles],
        "unrestricted": credential.unrestricted,
        "expires_at": bare(credential.expires_at) if credential.expires_at is not None else None,
        "links": {"self": here},
    }
    if credential.access_rules is not None:
        shown["access_rules"] = [plain_rule(rule) for rule in one.rules]
    return shown


def plain_rule(rule: AccessRule) -> dict[str, str]:
    return {"id": rule.id, "service": rule.service, "method": rule.method, "path": rule.path}


def _render_rule(request: Request, rule: AccessRule) -> dict[str, Any]:
    here = f"{request.base_url}/identity/v3/users/{rule.user_id}/access_rules/{rule.id}"
    return {**plain_rule(rule), "links": {"self": here}}


def _user(request: Request) -> UserId:
    return UserId(request.params["user"])


def _id(request: Request) -> ApplicationCredentialId:
    return ApplicationCredentialId(request.params["id"])
