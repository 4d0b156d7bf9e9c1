"""/v3/OS-REVOKE/events: what was taken back."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page
from kumoi.api.openstack.identity.roles import shown_id
from kumoi.api.openstack.times import micro, seconds_of
from kumoi.app.house import House
from kumoi.app.identity import revocations
from kumoi.core.events import Event
from kumoi.core.ids import RoleId

# What an event's thing is to Keystone, by its kind.
_NAMED: Final = {
    "token": "audit_id",
    "user": "user_id",
    "project": "project_id",
    "domain": "domain_id",
    "trust": "OS-TRUST:trust_id",
    "oauth_access": "OS-OAUTH1:access_token_id",
    "application_credential": "application_credential_id",
}


def routes(house: House) -> list[Route]:
    return [Route("GET", "/v3/OS-REVOKE/events", partial(find, house), "token.read", "identity")]


def find(house: House, request: Request) -> Response:
    since = request.arg("since")
    found = revocations.find(house, request.call(), seconds_of("since", since) if since else 0.0)
    return page(request, "events", found, _event)


def _event(_request: Request, event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {"issued_before": micro(event.at)}
    if event.kind in _NAMED:
        told[_NAMED[event.kind]] = event.resource_id
    if role := event.facts.get("role"):
        told["role_id"] = shown_id(RoleId(str(role)))
        told["project_id"] = event.project_id or None
    return told
