"""/v2.0/quotas."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.resources import SERVICE, one_of
from kumoi.app import quotas
from kumoi.app.house import House
from kumoi.core.ids import ProjectId
from kumoi.core.quotas import Counter, Resource

_NAMES: dict[str, Resource] = {
    "network": "networks",
    "subnet": "subnets",
    "subnetpool": "subnet_pools",
    "rbac_policy": "shares",
    "port": "nics",
    "trunk": "trunks",
    "router": "vpcs",
    "floatingip": "public_addresses",
    "security_group": "security_groups",
    "security_group_rule": "security_rules",
}


class Limits(msgspec.Struct, forbid_unknown_fields=True):
    """`check_limit` is the default, `force` its opposite."""

    network: int | UnsetType = UNSET
    subnet: int | UnsetType = UNSET
    subnetpool: int | UnsetType = UNSET
    rbac_policy: int | UnsetType = UNSET
    port: int | UnsetType = UNSET
    trunk: int | UnsetType = UNSET
    router: int | UnsetType = UNSET
    floatingip: int | UnsetType = UNSET
    security_group: int | UnsetType = UNSET
    security_group_rule: int | UnsetType = UNSET
    force: bool = False
    check_limit: bool = True
    tenant_id: str = ""
    project_id: str = ""


PATH = "/v2.0/quotas"


def routes(house: House) -> list[Route]:
    return [*_reading(house), *_changing(house)]


def _reading(house: House) -> list[Route]:
    def find(request: Request) -> Response:
        found = quotas.changed_quotas(house, request.call())
        shown = [{"project_id": p, "tenant_id": p, **_limits(counters)} for p, counters in found.items()]
        return json_response({"quotas": shown})

    def own(request: Request) -> Response:
        key = "tenant" if request.raw_path.endswith(b"tenant") else "project"
        return json_response({key: {f"{key}_id": request.call().project_id}})

    def show(request: Request) -> Response:
        return json_response({"quota": _limits(quotas.quota(house, request.call(), _project(request)))})

    def default(request: Request) -> Response:
        now = quotas.defaults(house, request.call())
        return json_response({"quota": {name: now[resource] for name, resource in _NAMES.items()}})

    def details(request: Request) -> Response:
        found = quotas.quota(house, request.call(), _project(request))
        return json_response({"quota": {name: _detail(found[resource]) for name, resource in _NAMES.items()}})

    return [
        Route("GET", PATH, find, "quota.update", SERVICE),
        Route("GET", f"{PATH}/tenant", own, "quota.read", SERVICE),
        Route("GET", f"{PATH}/project", own, "quota.read", SERVICE),
        Route("GET", f"{PATH}/{{id}}", show, "quota.read", SERVICE),
        Route("GET", f"{PATH}/{{id}}/default", default, "quota.read", SERVICE),
        Route("GET", f"{PATH}/{{id}}/details", details, "quota.read", SERVICE),
        Route("GET", f"{PATH}/{{id}}/details.json", details, "quota.read", SERVICE),
    ]


def _changing(house: House) -> list[Route]:
    def update(request: Request) -> Response:
        given = one_of(request, "quota", Limits)
        limits = {r: v for name, r in _NAMES.items() if not isinstance(v := getattr(given, name), UnsetType)}
        done = quotas.set_quota(house, request.call(), _project(request), limits, below_use=given.force)
        return json_response({"quota": _limits(done)})

    def reset(request: Request) -> Response:
        quotas.reset_quota(house, request.call(), _project(request), _NAMES.values())
        return no_content()

    return [
        Route("PUT", f"{PATH}/{{id}}", update, "quota.update", SERVICE, body_type=Limits),
        Route("DELETE", f"{PATH}/{{id}}", reset, "quota.update", SERVICE, success=204),
    ]


def _project(request: Request) -> ProjectId:
    return ProjectId(request.params["id"].removesuffix(".json"))


def _limits(found: dict[str, Counter]) -> dict[str, int]:
    return {name: found[resource].most for name, resource in _NAMES.items()}


def _detail(counter: Counter) -> dict[str, int]:
    return {"limit": counter.most, "used": counter.used, "reserved": 0}
