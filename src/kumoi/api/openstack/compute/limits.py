"""/limits, /os-quota-sets."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app import quotas
from kumoi.app.house import House
from kumoi.core.errors import Invalid
from kumoi.core.ids import ProjectId
from kumoi.core.quotas import Counter, Resource

# Nova's name → ours
NAMES: dict[str, Resource] = {
    "instances": "instances", "cores": "vcpus", "ram": "memory_mib", "key_pairs": "key_pairs",
    "server_groups": "server_groups", "server_group_members": "server_group_members",
    "metadata_items": "metadata_items",
}  # fmt: skip
# until 2.35 Nova spoke for the network too
NETWORK: dict[str, Resource] = {
    "floating_ips": "public_addresses", "fixed_ips": "nics", "security_groups": "security_groups",
    "security_group_rules": "security_rules",
}  # fmt: skip
# until 2.56 files could be given to a server
FILES: dict[str, Resource] = {
    "injected_files": "injected_files", "injected_file_content_bytes": "injected_file_content_bytes",
    "injected_file_path_bytes": "injected_file_path_bytes",
}  # fmt: skip
# A name of the absolute limits, and the version that took it away.
GONE = {
    "maxSecurityGroups": 36, "maxSecurityGroupRules": 36, "maxTotalFloatingIps": 36, "totalSecurityGroupsUsed": 36,
    "totalFloatingIpsUsed": 36, "maxImageMeta": 39, "maxPersonality": 57, "maxPersonalitySize": 57,
}  # fmt: skip


class UpdateBody(msgspec.Struct):
    quota_set: dict[str, int | str | bool]


def routes(house: House) -> list[Route]:
    sets = V + "/os-quota-sets/{project}"
    return [
        Route("GET", V + "/limits", partial(absolute, house), "quota.read", "compute"),
        Route("GET", sets, partial(show, house), "quota.read", "compute"),
        Route("GET", sets + "/detail", partial(show_detail, house), "quota.read", "compute"),
        Route("GET", sets + "/defaults", partial(defaults, house), "quota.read", "compute"),
        Route("DELETE", sets, partial(reset, house), "quota.update", "compute", success=202),
        Route("PUT", sets, partial(update, house), "quota.update", "compute", body_type=UpdateBody),
    ]


def absolute(house: House, request: Request) -> Response:
    call = request.call()
    project = ProjectId(request.arg("tenant_id") or call.project_id)
    held = quotas.quota(house, call, project)
    shown = {
        "maxTotalInstances": held["instances"].most,
        "maxTotalCores": held["vcpus"].most,
        "maxTotalRAMSize": held["memory_mib"].most,
        "maxTotalKeypairs": held["key_pairs"].most,
        "maxServerMeta": held["metadata_items"].most,
        "maxImageMeta": held["metadata_items"].most,
        "maxPersonality": held["injected_files"].most,
        "maxPersonalitySize": held["injected_file_content_bytes"].most,
        "maxServerGroups": held["server_groups"].most,
        "maxServerGroupMembers": held["server_group_members"].most,
        "maxSecurityGroups": held["security_groups"].most,
        "maxSecurityGroupRules": held["security_rules"].most,
        "maxTotalFloatingIps": held["public_addresses"].most,
        "totalInstancesUsed": held["instances"].used,
        "totalCoresUsed": held["vcpus"].used,
        "totalRAMUsed": held["memory_mib"].used,
        "totalSecurityGroupsUsed": held["security_groups"].used,
        "totalFloatingIpsUsed": held["public_addresses"].used,
        "totalServerGroupsUsed": held["server_groups"].used,
    }
    left = {name: most for name, most in shown.items() if not at_least(request, GONE.get(name, 1000))}
    return json_response({"limits": {"rate": [], "absolute": left}})


def show(house: House, request: Request) -> Response:
    held = quotas.quota(house, request.call(), _project(request))
    return json_response({"quota_set": {"id": _project(request), **_limits(request, held)}})


def show_detail(house: House, request: Request) -> Response:
    held = quotas.quota(house, request.call(), _project(request))
    shown: dict[str, Any] = {"id": _project(request)}
    for name, ours in names(request).items():
        shown[name] = {"limit": held[ours].most, "in_use": held[ours].used, "reserved": 0}
    return json_response({"quota_set": shown})


def defaults(house: House, request: Request) -> Response:
    now = quotas.defaults(house, request.call())
    shown = {name: now[ours] for name, ours in names(request).items()}
    return json_response({"quota_set": {"id": _project(request), **shown}})


def update(house: House, request: Request) -> Response:
    wished = request.json(UpdateBody).quota_set
    limits: dict[Resource, int] = {}
    for name, value in wished.items():
        if name in names(request):
            limits[names(request)[name]] = limit(name, value)
        elif name != "force":
            raise Invalid("api", field=f"quota_set.{name}", reason="unknown_field")
    held = quotas.set_quota(house, request.call(), _project(request), limits)
    return json_response({"quota_set": _limits(request, held)})


def reset(house: House, request: Request) -> Response:
    quotas.reset_quota(house, request.call(), _project(request), {**NAMES, **FILES}.values())
    return Response(202)


def _project(request: Request) -> ProjectId:
    return ProjectId(request.params["project"])


def names(request: Request, until: int = 36) -> dict[str, Resource]:
    """`until`: the version from which Nova does not speak for the network here."""
    network = {} if at_least(request, until) else NETWORK
    return {**NAMES, **network, **({} if at_least(request, 57) else FILES)}


def _limits(request: Request, held: dict[str, Counter]) -> dict[str, Any]:
    return {name: held[ours].most for name, ours in names(request).items()}


def limit(name: str, value: int | str | bool) -> int:
    text = str(value)
    if text != "-1" and not (text.isdecimal() and len(text) <= 10 and int(text) < 2**31):
        raise Invalid("api", field=f"quota_set.{name}", reason="range", bound=f"from -1 to {2**31 - 1}")
    return int(text)
