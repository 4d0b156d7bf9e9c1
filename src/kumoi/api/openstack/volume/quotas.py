"""/limits, /os-quota-sets, /os-quota-class-sets: what a project may have, and has, also of each volume type."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.words import flag
from kumoi.app import quotas
from kumoi.app.house import House
from kumoi.app.volumes import types
from kumoi.core.errors import Invalid
from kumoi.core.ids import ProjectId
from kumoi.core.policy import allow
from kumoi.core.query import Query
from kumoi.core.quotas import UNLIMITED, Counter, Resource
from kumoi.core.volume_types import per_type

# Cinder's name → ours
NAMES: Final[dict[str, Resource]] = {
    "volumes": "volumes",
    "snapshots": "snapshots",
    "gigabytes": "gigabytes",
    "per_volume_gigabytes": "per_volume_gigabytes",
    "groups": "volume_groups",
    "backups": "backups",
    "backup_gigabytes": "backup_gigabytes",
}
OF_TYPES: Final[tuple[Resource, ...]] = ("volumes", "snapshots", "gigabytes")


class SetBody(msgspec.Struct):
    quota_set: dict[str, Any]


class ClassBody(msgspec.Struct):
    quota_class_set: dict[str, Any]


def routes(house: House) -> list[Route]:
    sets, classes = "/os-quota-sets/{target}", "/os-quota-class-sets/{name}"
    return [
        Route("GET", "/limits", partial(absolute, house), "quota.read", "volume"),
        Route("GET", sets, partial(show, house), "quota.read", "volume"),
        Route("GET", sets + "/defaults", partial(defaults, house), "quota.read", "volume"),
        Route("PUT", sets, partial(update, house), "quota.update", "volume", body_type=SetBody),
        Route("DELETE", sets, partial(reset, house), "quota.update", "volume"),
        Route("GET", classes, partial(show_class, house), "quota.update", "volume"),
        Route("PUT", classes, partial(update_class, house), "quota.update", "volume", body_type=ClassBody),
    ]


def absolute(house: House, request: Request) -> Response:
    call = request.call()
    asked = (request.arg("project_id") or request.arg("tenant_id")) if at_least(request, 39) else None
    held = quotas.quota(house, call, ProjectId(asked or call.project_id))
    shown = {
        "maxTotalVolumes": held["volumes"].most,
        "maxTotalSnapshots": held["snapshots"].most,
        "maxTotalVolumeGigabytes": held["gigabytes"].most,
        "maxTotalBackups": held["backups"].most,
        "maxTotalBackupGigabytes": held["backup_gigabytes"].most,
        "totalVolumesUsed": held["volumes"].used,
        "totalSnapshotsUsed": held["snapshots"].used,
        "totalGigabytesUsed": held["gigabytes"].used,
        "totalBackupsUsed": held["backups"].used,
        "totalBackupGigabytesUsed": held["backup_gigabytes"].used,
    }
    return json_response({"limits": {"rate": [], "absolute": shown}})


def show(house: House, request: Request) -> Response:
    held = quotas.quota(house, request.call(), _target(request))
    names = _names(house, request)
    usual = quotas.defaults(house, request.call())
    if flag("usage", request.arg("usage") or "false"):
        none = {r: Counter(scope="", resource=r, used=0, most=usual.get(r, UNLIMITED)) for r in names.values()}
        return _answer(request, {name: _use(held.get(r, none[r])) for name, r in names.items()})
    return _answer(request, {n: held[r].most if r in held else usual.get(r, UNLIMITED) for n, r in names.items()})


def defaults(house: House, request: Request) -> Response:
    usual = quotas.defaults(house, request.call())
    return _answer(request, {name: usual.get(r, UNLIMITED) for name, r in _names(house, request).items()})


def update(house: House, request: Request) -> Response:
    allow(request.call(), "quota.update")
    names = _names(house, request)
    limits = _limits("quota_set", request.json(SetBody).quota_set, names)
    checked = not flag("skip_validation", request.arg("skip_validation") or "true")
    held = quotas.set_quota(house, request.call(), _target(request), limits, below_use=not checked)
    shown = {name: held[r].most if r in held else UNLIMITED for name, r in names.items()}
    return json_response({"quota_set": shown})


def reset(house: House, request: Request) -> Response:
    allow(request.call(), "quota.update")
    quotas.reset_quota(house, request.call(), _target(request), _names(house, request).values())
    return Response(200)


def show_class(house: House, request: Request) -> Response:
    allow(request.call(), "quota.update")
    usual = quotas.defaults(house, request.call())
    shown: dict[str, Any] = {"id": request.params["name"]}
    shown |= {name: usual.get(r, UNLIMITED) for name, r in _names(house, request).items()}
    return json_response({"quota_class_set": shown})


def update_class(house: House, request: Request) -> Response:
    """There is the one class of which all projects are."""
    allow(request.call(), "quota.update")
    if request.params["name"] != "default":
        raise Invalid("api", field="quota_class", reason="not_in_enum", value=request.params["name"][:64])
    names = _names(house, request)
    limits = _limits("quota_class_set", request.json(ClassBody).quota_class_set, names)
    usual = quotas.set_defaults(house, request.call(), limits)
    return json_response({"quota_class_set": {name: usual.get(r, UNLIMITED) for name, r in names.items()}})


def _target(request: Request) -> ProjectId:
    return ProjectId(request.params["target"])


def _answer(request: Request, shown: dict[str, Any]) -> Response:
    return json_response({"quota_set": {"id": _target(request), **shown}})


def _names(house: House, request: Request) -> dict[str, str]:
    """Cinder's names, those of single types (`volumes_fast`) too."""
    kinds = types.find(house, request.call(), Query())
    of_types = {f"{resource}_{kind.name}": per_type(resource, kind.id) for kind in kinds for resource in OF_TYPES}
    return {**NAMES, **of_types}


def _limits(field: str, said: dict[str, Any], names: dict[str, str]) -> dict[str, int]:
    limits = {}
    for name, value in said.items():
        if name in {"tenant_id", "project_id", "force", "class_name", "id"}:
            continue
        if name not in names:
            raise Invalid("api", field=f"{field}.{name[:64]}", reason="unknown_field")
        text = str(value)
        if not (text == "-1" or (text.isdecimal() and len(text) <= 10 and int(text) < 2**31)):
            raise Invalid("api", field=f"{field}.{name}", reason="range", bound=f"from -1 to {2**31 - 1}")
        limits[names[name]] = int(text)
    return limits


def _use(counter: Counter) -> dict[str, int]:
    return {"limit": counter.most, "in_use": counter.used, "reserved": 0}
