"""/os-server-groups."""

from functools import partial
from typing import Any, Literal

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.flavors import number
from kumoi.api.openstack.compute.server_queries import page_limit
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app import server_groups
from kumoi.app.house import House
from kumoi.app.server_groups import GroupView
from kumoi.core.errors import Invalid
from kumoi.core.ids import ServerGroupId
from kumoi.core.policy import may
from kumoi.core.server_groups import GroupPolicy

_Policy = Literal["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"]


class _Rules(msgspec.Struct, forbid_unknown_fields=True):
    max_server_per_host: int | str | None = None


class _New(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    policies: list[_Policy] | None = None
    policy: _Policy | None = None
    rules: _Rules | None = None


class CreateBody(msgspec.Struct, forbid_unknown_fields=True):
    server_group: _New


def routes(house: House) -> list[Route]:
    path, one = V + "/os-server-groups", V + "/os-server-groups/{id}"
    return [
        Route("GET", path, partial(find, house), "server_group.read", "compute"),
        Route("POST", path, partial(create, house), "server_group.create", "compute", body_type=CreateBody),
        Route("GET", one, partial(show, house), "server_group.read", "compute"),
        Route("DELETE", one, partial(delete, house), "server_group.delete", "compute", success=204),
    ]


def find(house: House, request: Request) -> Response:
    everyone = any(k == "all_projects" for k, _ in request.query)
    everyone = everyone and may(request.call(), "server_group.all_projects")  # as in Nova: else one's own
    found = server_groups.find(house, request.call(), all_projects=everyone)
    start = number("offset", request.arg("offset") or "0")
    page = found[start : start + page_limit(request)]
    return json_response({"server_groups": [_shown(request, g) for g in page]})


def show(house: House, request: Request) -> Response:
    return _answer(request, server_groups.get(house, request.call(), _id(request)))


def create(house: House, request: Request) -> Response:
    """Before 2.64 a list of one policy, since then the policy and its rules."""
    new = request.json(CreateBody).server_group
    policy, most = _policy(request, new), _most(request, new)
    return _answer(request, server_groups.create(house, request.call(), new.name, policy, most))


def delete(house: House, request: Request) -> Response:
    server_groups.delete(house, request.call(), _id(request))
    return no_content()


def _id(request: Request) -> ServerGroupId:
    return ServerGroupId(request.params["id"])


def _policy(request: Request, new: _New) -> GroupPolicy:
    since_64 = at_least(request, 64)
    wrong = "policies" if since_64 else "policy"
    if getattr(new, wrong) is not None:
        raise Invalid("api", field=f"server_group.{wrong}", reason="unknown_field")
    named = [new.policy] if since_64 and new.policy else new.policies or []
    if len(named) != 1:
        field = "policy" if since_64 else "policies"
        raise Invalid("api", field=f"server_group.{field}", reason="missing" if not named else "twice")
    if named[0].startswith("soft") and not at_least(request, 15):
        raise Invalid("api", field="server_group.policies", reason="not_in_enum", value=named[0])
    return named[0]


def _most(request: Request, new: _New) -> int:
    if new.rules is None:
        return 0
    if not at_least(request, 64):
        raise Invalid("api", field="server_group.rules", reason="unknown_field")
    said = new.rules.max_server_per_host
    most = number("max_server_per_host", said) if said is not None else 0
    if said is not None and most < 1:
        raise Invalid("api", field="server_group.rules.max_server_per_host", reason="range", bound="1 or more")
    return most


def _answer(request: Request, view: GroupView) -> Response:
    return json_response({"server_group": _shown(request, view)})


def _shown(request: Request, view: GroupView) -> dict[str, Any]:
    group = view.group
    shown: dict[str, Any] = {"id": group.id, "name": group.name, "members": list(view.members)}
    if at_least(request, 64):
        rules = {"max_server_per_host": group.most_per_host} if group.most_per_host else {}
        shown |= {"policy": group.policy, "rules": rules}
    else:
        shown |= {"policies": [group.policy], "metadata": {}}
    if at_least(request, 13):
        shown |= {"project_id": group.project_id, "user_id": group.user_id}
    return shown
