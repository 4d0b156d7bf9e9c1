"""/os-hypervisors: what hosts have, and what runs there. For administrators."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.flavors import flag
from kumoi.api.openstack.compute.server_queries import page_limit
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app.hosts import read
from kumoi.app.house import House
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.hosts import Host, state
from kumoi.core.ids import HostId
from kumoi.core.instances import TRANSIENT, Instance
from kumoi.core.quotas import Counter

AMOUNTS = (
    "vcpus", "vcpus_used", "memory_mb", "memory_mb_used", "free_ram_mb", "local_gb", "local_gb_used", "free_disk_gb",
    "disk_available_least", "running_vms", "current_workload",
)  # fmt: skip


def routes(house: House) -> list[Route]:
    return [
        Route("GET", V + "/os-hypervisors", partial(find, house), "host.read", "compute"),
        Route("GET", V + "/os-hypervisors/detail", partial(find_detail, house), "host.read", "compute"),
        Route("GET", V + "/os-hypervisors/statistics", partial(statistics, house), "host.read", "compute",
              max_version=(2, 87)),
        Route("GET", V + "/os-hypervisors/{id}", partial(show, house), "host.read", "compute"),
        Route("GET", V + "/os-hypervisors/{id}/search", partial(search, house), "host.read", "compute",
              max_version=(2, 52)),
        Route("GET", V + "/os-hypervisors/{id}/servers", partial(servers, house), "host.read", "compute",
              max_version=(2, 52)),
        Route("GET", V + "/os-hypervisors/{id}/uptime", partial(uptime, house), "host.read", "compute",
              max_version=(2, 87)),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    found, links = _page(request, _matching(house, request))
    inside = read.guests(house, request.call()) if _with_servers(request) else None
    shown = [_brief(request, h) | _servers(request, h, inside) for h in found]
    return json_response({"hypervisors": shown, **links})


def find_detail(house: House, request: Request) -> Response:
    rooms, inside = read.room(house, request.call()), read.guests(house, request.call())
    found, links = _page(request, _matching(house, request))
    shown = [_detail(request, h, _Load(rooms.get(read.scope_of(h), {}), inside)) for h in found]
    return json_response({"hypervisors": shown, **links})


def show(house: House, request: Request) -> Response:
    host = _one(house, request)
    room = read.room(house, request.call()).get(read.scope_of(host), {})
    shown = _detail(request, host, _Load(room, read.guests(house, request.call())))
    return json_response({"hypervisor": shown})


def search(house: House, request: Request) -> Response:
    return json_response({"hypervisors": [_brief(request, h) for h in _named(house, request, request.params["id"])]})


def servers(house: House, request: Request) -> Response:
    found, inside = _named(house, request, request.params["id"]), read.guests(house, request.call())
    return json_response({"hypervisors": [_brief(request, h) | _servers(request, h, inside) for h in found]})


def uptime(house: House, request: Request) -> Response:
    """Unsupported of a host whose agent is too old to tell."""
    host = _one(house, request)
    if not host.booted_at:
        raise Unsupported("compute", what="uptime")
    return json_response({"hypervisor": _brief(request, host) | {"uptime": _uptime(host, request.now)}})


def _uptime(host: Host, now: float) -> str:
    """As `uptime` writes it."""
    minutes = max(0, int(now - host.booted_at)) // 60
    days, (hours, rest) = minutes // 1440, divmod(minutes % 1440, 60)
    return f"{second(now)[11:19]} up {days} day{'' if days == 1 else 's'}, {hours}:{rest:02}"


def statistics(house: House, request: Request) -> Response:
    rooms, inside = read.room(house, request.call()), read.guests(house, request.call())
    each = [
        _amounts(h, _Load(rooms.get(read.scope_of(h), {}), inside)) for h in read.find(house, request.call())
        if h.enabled
    ]  # fmt: skip
    total = {name: sum(one[name] for one in each) for name in AMOUNTS}
    return json_response({"hypervisor_statistics": {"count": len(each), **total}})


def _number(host: Host) -> int:
    """Before 2.53 ids were numbers."""
    return int(host.id[:7], 16)


def id_of(request: Request, host: Host) -> str | int:
    return host.id if at_least(request, 53) else _number(host)


def _brief(request: Request, host: Host) -> dict[str, Any]:
    return {
        "id": id_of(request, host),
        "hypervisor_hostname": host.name,
        "state": "up" if state(host, request.now) == "up" else "down",
        "status": "enabled" if host.enabled else "disabled",
    }


class _Load:
    """What is taken of a host: its counters, and what runs on which."""

    __slots__ = ("inside", "room")

    def __init__(self, room: dict[str, Counter], inside: dict[HostId, list[Instance]]) -> None:
        self.room = room
        self.inside = inside

    def used(self, resource: str) -> int:
        return self.room[resource].used if resource in self.room else 0


def _amounts(host: Host, load: _Load) -> dict[str, int]:
    memory, disk = host.capacity.memory_mib, host.capacity.disk_gib
    used_memory, used_disk = load.used("memory_mib"), load.used("disk_gib")
    guests = load.inside.get(host.id, ())
    return {
        "vcpus": host.capacity.vcpus,
        "vcpus_used": load.used("vcpus"),
        "memory_mb": memory,
        "memory_mb_used": used_memory,
        "free_ram_mb": memory - used_memory,
        "local_gb": disk,
        "local_gb_used": used_disk,
        "free_disk_gb": disk - used_disk,
        "disk_available_least": disk - used_disk,
        "running_vms": sum(g.power == "on" for g in guests),
        "current_workload": sum(g.status in TRANSIENT for g in guests),
    }


def _told(request: Request, host: Host, load: _Load) -> dict[str, Any]:
    """Its amounts; since 2.88 these are Placement's to tell, and the uptime is in its stead."""
    if at_least(request, 88):
        return {"uptime": _uptime(host, request.now) if host.booted_at else None}
    return {**_amounts(host, load), "cpu_info": "{}" if not at_least(request, 28) else {}}


def _detail(request: Request, host: Host, load: _Load) -> dict[str, Any]:
    shown = {
        **_brief(request, host),
        **_told(request, host, load),
        "host_ip": "127.0.0.1",
        "hypervisor_type": "QEMU" if host.accelerator != "kvm" else "KVM",
        "hypervisor_version": 7002000,
        "service": {
            "id": id_of(request, host),
            "host": host.name,
            "disabled_reason": host.disabled_reason or None,
        },
    }
    return shown | _servers(request, host, load.inside if _with_servers(request) else None)


def _servers(request: Request, host: Host, inside: dict[HostId, list[Instance]] | None) -> dict[str, Any]:
    """Until 2.75 Nova left the list out where it would be empty."""
    guests = inside.get(host.id, ()) if inside is not None else ()
    shown = guests or (inside is not None and at_least(request, 75))
    return {"servers": [{"uuid": g.id, "name": g.name} for g in guests]} if shown else {}


def _with_servers(request: Request) -> bool:
    return at_least(request, 53) and flag("with_servers", request.arg("with_servers") or "false")


def _matching(house: House, request: Request) -> list[Host]:
    """All, or since 2.53 those whose name has `hypervisor_hostname_pattern` in it; NotFound when none has."""
    pattern = request.arg("hypervisor_hostname_pattern") if at_least(request, 53) else None
    return read.find(house, request.call()) if pattern is None else _named(house, request, pattern)


def _page(request: Request, found: list[Host]) -> tuple[list[Host], dict[str, Any]]:
    """Since 2.33: so many after a marker, and a link to the next ones."""
    if not at_least(request, 33):
        return found, {}
    limit, marker = page_limit(request), request.arg("marker")
    if marker is not None:
        places = [place for place, host in enumerate(found) if str(id_of(request, host)) == marker]
        if not places:
            raise Invalid("api", field="marker", reason="no_such_thing", value=marker)
        found = found[places[0] + 1 :]
    if not limit or len(found) <= limit:
        return found, {}
    rest = [(k, v) for k, v in request.query if k != "marker"]
    query = urlencode([*rest, ("marker", str(id_of(request, found[limit - 1])))])
    href = f"{request.base_url}{request.raw_path.decode('latin-1')}?{query}"
    return found[:limit], {"hypervisors_links": [{"rel": "next", "href": href}]}


def _named(house: House, request: Request, part: str) -> list[Host]:
    found = [h for h in read.find(house, request.call()) if part in h.name]
    if not found:
        raise NotFound("compute", kind="host", id=part)
    return found


def _one(house: House, request: Request) -> Host:
    for host in read.find(house, request.call()):
        if request.params["id"] == str(id_of(request, host)):
            return host
    raise NotFound("compute", kind="host", id=request.params["id"])
