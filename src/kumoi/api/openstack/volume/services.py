"""/os-services and its elder /os-hosts: who keeps volumes, and who chooses where; whether new ones may go there."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import second
from kumoi.api.openstack.volume.pools import backend
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.zones import ZONE
from kumoi.app.hosts.switch import switch
from kumoi.app.house import House
from kumoi.app.volumes import pools
from kumoi.app.volumes.pools import Kept, PoolView
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.hosts import state
from kumoi.core.policy import allow

KEEPER: Final = "cinder-volume"
CHOOSER: Final = "cinder-scheduler"
CONTROL: Final = "control"  # the cloud's own loops, which have no host's name


class ChangeBody(msgspec.Struct):
    """`service` is an elder word for `binary`."""

    host: str
    binary: str = ""
    service: str = ""
    disabled_reason: str | None = None


class HostBody(msgspec.Struct):
    host: str


class StatusBody(msgspec.Struct):
    status: str


def routes(house: House) -> list[Route]:
    services, hosts = "/os-services", "/os-hosts"
    change = partial(Route, "PUT", action="host.update", service="volume")
    return [
        Route("GET", services, partial(find, house), "host.read", "volume"),
        change(services + "/enable", partial(turn, house, "enable"), body_type=ChangeBody),
        change(services + "/disable", partial(turn, house, "disable"), body_type=ChangeBody),
        change(services + "/disable-log-reason", partial(turn, house, "disable-log-reason"), body_type=ChangeBody),
        *(
            change(f"{services}/{word}", partial(refuse, house, word), body_type=HostBody)
            for word in ("freeze", "thaw", "failover_host")
        ),
        *(
            change(f"{services}/{word}", partial(refuse_logs, word), min_version=(3, 32))
            for word in ("set-log", "get-log")
        ),
        Route("GET", hosts, partial(find_hosts, house), "host.read", "volume"),
        Route("GET", hosts + "/{name}", partial(show_host, house), "host.read", "volume"),
        change(hosts + "/{name}", partial(change_host, house), body_type=StatusBody),
    ]


def find(house: House, request: Request) -> Response:
    shown = [*_chooser(request), *(_keeper(request, one) for one in pools.find(house, request.call()))]
    host, binary = request.arg("host"), request.arg("binary")
    return json_response({
        "services": [
            one
            for one in shown
            if (host is None or host in {one["host"], one["host"].partition("@")[0]})
            and (binary is None or binary == one["binary"])
        ]
    })  # fmt: skip


def turn(house: House, word: str, request: Request) -> Response:
    """The host's: what is said of one of its pools holds for all that may be placed there."""
    said = request.json(ChangeBody)
    binary, reason = said.binary or said.service, (said.disabled_reason or "").strip()
    if word == "disable-log-reason" and not reason:
        raise Invalid("api", field="disabled_reason", reason="missing")
    if (said.host, binary) == (CONTROL, CHOOSER):
        allow(request.call(), "host.update")
        raise Unsupported("storage", what="disable_scheduler")
    host = _named(house, request, said.host).host
    if binary != KEEPER:
        raise NotFound("storage", kind="service", id=f"{said.host}/{binary}")
    done = switch(house, request.call(), host.id, enabled=word == "enable", reason=reason)
    shown: dict[str, Any] = {
        "host": said.host,
        "service": binary,
        "binary": binary,
        "disabled": not done.enabled,
        "status": "enabled" if done.enabled else "disabled",
    }
    if word != "disable":
        shown["disabled_reason"] = done.disabled_reason or None
    return json_response(shown)


def refuse(house: House, word: str, request: Request) -> Response:
    said = request.json(HostBody).host
    try:
        _named(house, request, said)
    except NotFound as e:  # where Cinder says 400
        raise Invalid("storage", field="host", reason="not_in_enum", value=said[:64]) from e
    allow(request.call(), "host.update")
    raise Unsupported("storage", what=word)


def refuse_logs(word: str, request: Request) -> Response:
    """What is logged is a setting of each process."""
    allow(request.call(), "host.update")
    raise Unsupported("storage", what=word)


def find_hosts(house: House, request: Request) -> Response:
    zone = request.arg("zone") or ZONE
    shown = [*_chooser(request), *(_keeper(request, one) for one in pools.find(house, request.call()))]
    return json_response({"hosts": [_host(one) for one in shown if one["zone"] == zone]})


def show_host(house: House, request: Request) -> Response:
    """How much is kept there, in all and by project. Numbers are texts, as Cinder writes them."""
    view = _named(house, request, request.params["name"])
    held = pools.kept(house, request.call()).get(view.pool.id, Kept())
    projects = sorted({*(v.project_id for v in held.volumes), *(s.project_id for s in held.snapshots)})
    shown = [_kept(backend(view), "(total)", held)]
    for project in projects:
        own = Kept(
            volumes=tuple(v for v in held.volumes if v.project_id == project),
            snapshots=tuple(s for s in held.snapshots if s.project_id == project),
        )
        shown.append(_kept(backend(view), project, own))
    return json_response({"host": shown})


def change_host(house: House, request: Request) -> Response:
    word = request.json(StatusBody).status.strip().lower()
    if word not in {"enable", "disable"}:
        raise Invalid("api", field="status", reason="not_in_enum", value=word[:64])
    host = _named(house, request, request.params["name"]).host
    done = switch(house, request.call(), host.id, enabled=word == "enable")
    return json_response({"host": request.params["name"], "status": "enabled" if done.enabled else "disabled"})


def _named(house: House, request: Request, name: str) -> PoolView:
    """By `host@backend`, or by the host alone."""
    for one in pools.find(house, request.call()):
        if name.partition("#")[0] in {backend(one), one.host.name}:
            return one
    raise NotFound("storage", kind="host", id=name)


def _chooser(request: Request) -> Iterator[dict[str, Any]]:
    yield _service(request, CHOOSER, CONTROL, request.now) | {"status": "enabled", "state": "up"}


def _keeper(request: Request, one: PoolView) -> dict[str, Any]:
    shown = _service(request, KEEPER, backend(one), one.host.seen_at)
    return shown | {
        "status": "enabled" if one.host.enabled else "disabled",
        "state": "up" if state(one.host, request.now) == "up" else "down",
        "disabled_reason": one.host.disabled_reason or None,
    }


def _service(request: Request, binary: str, host: str, seen_at: float) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "binary": binary,
        "host": host,
        "zone": ZONE,
        "updated_at": second(seen_at)[:-1] + ".000000",
        "disabled_reason": None,
    }
    if at_least(request, 7):
        shown["cluster"] = None
    if at_least(request, 49) and binary == KEEPER:
        shown["backend_state"] = "up" if request.now - seen_at <= 60 else "down"
    return shown


def _host(service: dict[str, Any]) -> dict[str, Any]:
    return {
        "host_name": service["host"],
        "service": service["binary"],
        "service-status": "available" if service["state"] == "up" else "unavailable",
        "service-state": service["status"],
        "zone": service["zone"],
        "last-update": service["updated_at"],
    }


def _kept(host: str, project: str, held: Kept) -> dict[str, Any]:
    amounts = {
        "volume_count": str(len(held.volumes)),
        "total_volume_gb": str(sum(v.size_gib for v in held.volumes)),
        "snapshot_count": str(len(held.snapshots)),
        "total_snapshot_gb": str(sum(s.size_gib for s in held.snapshots)),
    }
    return {"resource": {"host": host, "project": project, **amounts}}
