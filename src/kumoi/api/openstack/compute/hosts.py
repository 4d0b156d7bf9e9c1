"""/os-hypervisors and /os-services: for administrators."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app.hosts import read
from kumoi.app.house import House
from kumoi.core.errors import NotFound
from kumoi.core.hosts import Host, state
from kumoi.core.quotas import Counter


def routes(house: House) -> list[Route]:
    return [
        Route("GET", V + "/os-hypervisors", partial(find, house), "host.read", "compute"),
        Route("GET", V + "/os-hypervisors/detail", partial(find_detail, house), "host.read", "compute"),
        Route("GET", V + "/os-hypervisors/{id}", partial(show, house), "host.read", "compute"),
        Route("GET", V + "/os-services", partial(services, house), "host.read", "compute"),
    ]


def find(house: House, request: Request) -> Response:
    return json_response({"hypervisors": [_brief(request, h) for h in read.find(house, request.call())]})


def find_detail(house: House, request: Request) -> Response:
    room = read.room(house, request.call())
    found = read.find(house, request.call())
    return json_response({"hypervisors": [_detail(request, h, room.get(read.scope_of(h), {})) for h in found]})


def show(house: House, request: Request) -> Response:
    room = read.room(house, request.call())
    for host in read.find(house, request.call()):
        if request.params["id"] in {host.id, str(_number(host))}:
            return json_response({"hypervisor": _detail(request, host, room.get(read.scope_of(host), {}))})
    raise NotFound("compute", kind="host", id=request.params["id"])


def services(house: House, request: Request) -> Response:
    found = [
        _service(request, h)
        for h in read.find(house, request.call())
        if request.arg("host", h.name) == h.name and request.arg("binary", "nova-compute") == "nova-compute"
    ]
    return json_response({"services": found})


def _number(host: Host) -> int:
    """Before 2.53 ids were numbers."""
    return int(host.id[:7], 16)


def _id(request: Request, host: Host) -> str | int:
    return host.id if at_least(request, 53) else _number(host)


def _brief(request: Request, host: Host) -> dict[str, Any]:
    return {
        "id": _id(request, host),
        "hypervisor_hostname": host.name,
        "state": "up" if state(host, request.now) == "up" else "down",
        "status": "enabled" if host.enabled else "disabled",
    }


def _detail(request: Request, host: Host, room: dict[str, Counter]) -> dict[str, Any]:
    def used(resource: str) -> int:
        return room[resource].used if resource in room else 0

    memory, disk = host.capacity.memory_mib, host.capacity.disk_gib
    return {
        **_brief(request, host),
        "host_ip": "127.0.0.1",
        "hypervisor_type": "QEMU" if host.accelerator != "kvm" else "KVM",
        "hypervisor_version": 7002000,
        "vcpus": host.capacity.vcpus,
        "vcpus_used": used("vcpus"),
        "memory_mb": memory,
        "memory_mb_used": used("memory_mib"),
        "free_ram_mb": memory - used("memory_mib"),
        "local_gb": disk,
        "local_gb_used": used("disk_gib"),
        "free_disk_gb": disk - used("disk_gib"),
        "disk_available_least": disk - used("disk_gib"),
        "running_vms": 0,
        "current_workload": 0,
        "cpu_info": "{}" if not at_least(request, 28) else {},
        "service": {
            "id": _id(request, host),
            "host": host.name,
            "disabled_reason": host.disabled_reason or None,
        },
    }


def _service(request: Request, host: Host) -> dict[str, Any]:
    return {
        "id": _id(request, host),
        "binary": "nova-compute",
        "host": host.name,
        "zone": "nova",
        "status": "enabled" if host.enabled else "disabled",
        "state": "up" if state(host, request.now) == "up" else "down",
        "updated_at": second(host.seen_at)[:-1] + ".000000",
        "disabled_reason": host.disabled_reason or None,
    }
