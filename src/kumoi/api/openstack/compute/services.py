"""/os-services and its elder /os-hosts: the agents of the hosts, and whether new instances may go there."""

from functools import partial
from typing import Any, Literal

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.hosts import id_of
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app.hosts import read
from kumoi.app.hosts.switch import switch
from kumoi.app.house import House
from kumoi.core.aggregates import ZONE
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.hosts import Host, state

BINARY = "nova-compute"
LAST_OF_HOSTS = (2, 42)
LAST_OF_NAMES = (2, 52)


class NamedBody(msgspec.Struct, forbid_unknown_fields=True):
    host: str
    binary: str
    disabled_reason: str = ""
    forced_down: bool | None = None


class ChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    status: Literal["enabled", "disabled"] | None = None
    disabled_reason: str = ""
    forced_down: bool | None = None


class HostBody(msgspec.Struct, forbid_unknown_fields=True):
    status: Literal["enable", "disable"] | None = None
    maintenance_mode: Literal["enable", "disable"] | None = None


def routes(house: House) -> list[Route]:
    services, hosts = V + "/os-services", V + "/os-hosts"
    return [
        Route("GET", services, partial(find, house), "host.read", "compute"),
        Route("PUT", services + "/{id}", partial(change, house), "host.update", "compute", body_type=NamedBody),
        Route("GET", hosts, partial(find_hosts, house), "host.read", "compute", max_version=LAST_OF_HOSTS),
        Route("GET", hosts + "/{name}", partial(show_host, house), "host.read", "compute",
              max_version=LAST_OF_HOSTS),
        Route("PUT", hosts + "/{name}", partial(change_host, house), "host.update", "compute", body_type=HostBody,
              max_version=LAST_OF_HOSTS),
        *(
            Route("GET", f"{hosts}/{{name}}/{way}", partial(power_host, house), "host.update", "compute",
                  max_version=LAST_OF_HOSTS)
            for way in ("startup", "shutdown", "reboot")
        ),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    found = [
        _service(request, h, zone)
        for h, zone in _zoned(house, request)
        if request.arg("host", h.name) == h.name and request.arg("binary", BINARY) == BINARY
    ]
    return json_response({"services": found})


def change(house: House, request: Request) -> Response:
    """Until 2.52 by a word (enable, disable, disable-log-reason) and the host's name, then by id."""
    if at_least(request, 53):
        return _change_by_id(house, request)
    body, word = request.json(NamedBody), request.params["id"]
    if word == "force-down" and at_least(request, 11):
        raise Unsupported("compute", what="forced_down")
    if word not in {"enable", "disable", "disable-log-reason"}:
        raise NotFound("compute", kind="action", id=word)
    if word == "disable-log-reason" and not body.disabled_reason.strip():
        raise Invalid("api", field="disabled_reason", reason="missing")
    host = _named(house, request, body.host)
    if body.binary != BINARY:
        raise NotFound("compute", kind="host", id=f"{body.host}/{body.binary}")
    done = switch(house, request.call(), host.id, enabled=word == "enable", reason=body.disabled_reason.strip())
    shown: dict[str, Any] = {"host": done.name, "binary": BINARY, "status": _word(done)}
    if word == "disable-log-reason":
        shown["disabled_reason"] = done.disabled_reason
    return json_response({"service": shown})


def _change_by_id(house: House, request: Request) -> Response:
    body = request.json(ChangeBody)
    if body.forced_down is not None:
        raise Unsupported("compute", what="forced_down")
    if body.status is None or (body.disabled_reason and body.status == "enabled"):
        raise Invalid("api", field="status", reason="missing" if body.status is None else "format")
    for host, zone in _zoned(house, request):
        if host.id == request.params["id"]:
            done = switch(house, request.call(), host.id, enabled=body.status == "enabled", reason=body.disabled_reason)
            return json_response({"service": _service(request, done, zone)})
    raise NotFound("compute", kind="host", id=request.params["id"])


def find_hosts(house: House, request: Request) -> Response:
    found = [(h, zone) for h, zone in _zoned(house, request) if request.arg("zone", zone) == zone]
    return json_response({"hosts": [{"host_name": h.name, "service": "compute", "zone": zone} for h, zone in found]})


def show_host(house: House, request: Request) -> Response:
    host = _named(house, request, request.params["name"])
    guests = read.guests(house, request.call()).get(host.id, [])

    def line(project: str, cpu: int, memory: int, disk: int) -> dict[str, Any]:
        amounts = {"cpu": cpu, "memory_mb": memory, "disk_gb": disk}
        return {"resource": {"host": host.name, "project": project, **amounts}}

    def taken(project: str, those: list[Any]) -> dict[str, Any]:
        return line(
            project, sum(i.vcpus for i in those), sum(i.memory_mib for i in those), sum(i.disk_gib for i in those)
        )

    total = line("(total)", host.capacity.vcpus, host.capacity.memory_mib, host.capacity.disk_gib)
    projects = sorted({i.project_id for i in guests})
    shown = [total, taken("(used_now)", guests), taken("(used_max)", guests)]
    shown += [taken(p, [i for i in guests if i.project_id == p]) for p in projects]
    return json_response({"host": shown})


def change_host(house: House, request: Request) -> Response:
    body = request.json(HostBody)
    if body.status is None and body.maintenance_mode is None:
        raise Invalid("api", field="status", reason="missing")
    host = _named(house, request, request.params["name"])
    if body.maintenance_mode is not None:
        raise Unsupported("compute", what="maintenance_mode")
    done = switch(house, request.call(), host.id, enabled=body.status == "enable")
    return json_response({"host": done.name, "status": _word(done)})


def power_host(house: House, request: Request) -> Response:
    """A cloud that switched its machines off by this could not switch them on again."""
    _named(house, request, request.params["name"])
    raise Unsupported("compute", what="host_power")


def _named(house: House, request: Request, name: str) -> Host:
    for host in read.find(house, request.call()):
        if host.name == name:
            return host
    raise NotFound("compute", kind="host", id=name)


def _zoned(house: House, request: Request) -> list[tuple[Host, str]]:
    """Every host and the zone that it is in."""
    zones = read.zones(house, request.call())
    return [(host, zones.get(host.id, ZONE)) for host in read.find(house, request.call())]


def _word(host: Host) -> str:
    return "enabled" if host.enabled else "disabled"


def _service(request: Request, host: Host, zone: str) -> dict[str, Any]:
    shown = {
        "id": id_of(request, host),
        "binary": BINARY,
        "host": host.name,
        "zone": zone,
        "status": _word(host),
        "state": "up" if state(host, request.now) == "up" else "down",
        "updated_at": second(host.seen_at)[:-1] + ".000000",
        "disabled_reason": host.disabled_reason or None,
    }
    if at_least(request, 11):
        shown["forced_down"] = host.lost
    return shown
