"""GET /servers/{id}/diagnostics: until 2.47 libvirt's own words, from 2.48 those of all drivers."""

import asyncio
from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances.diagnostics import ANSWER_WITHIN_S, Diagnosed, ask_diagnostics, diagnosed
from kumoi.core.errors import Unavailable
from kumoi.core.readings import DiskReading, NicReading

_STATES: Final = {"running": "running", "paused": "paused"}
_UNKNOWN: Final = -1  # as libvirt says of errors that nobody counts


def routes(house: House) -> list[Route]:
    return [
        Route("GET", V + "/servers/{id}/diagnostics", partial(show, house), "instance.diagnostics", "compute",
              wait=True)
    ]  # fmt: skip


async def show(house: House, request: Request) -> Response:
    question = await request.run_in("read", partial(ask_diagnostics, house, request.call(), server_id(request)))
    try:
        told = await asyncio.wait_for(asyncio.wrap_future(question.answer), ANSWER_WITHIN_S)
    except TimeoutError as e:
        raise Unavailable("host", what="agent", retry_after_s=5) from e
    found = await request.run_in("read", partial(diagnosed, house, request.call(), question, told))
    return json_response(common(found) if at_least(request, 48) else libvirts(found))


def common(found: Diagnosed) -> dict[str, Any]:
    reading = found.reading
    memory = reading.memory
    return {
        "state": _STATES.get(found.power, "pending"),
        "driver": "libvirt",
        "hypervisor": "kvm" if found.accelerator == "kvm" else "qemu",
        "hypervisor_os": "linux",
        "uptime": int(found.up_s),
        "config_drive": found.instance.config_drive,
        "num_cpus": len(reading.vcpus_ns),
        "num_nics": len(reading.nics),
        "num_disks": len(reading.disks),
        "cpu_details": [
            {"id": n, "time": used, "utilisation": None if found.busy is None else round(found.busy)}
            for n, used in enumerate(reading.vcpus_ns)
        ],
        "memory_details": {
            "maximum": found.instance.memory_mib,
            "used": None if memory is None or memory.used is None else memory.used >> 20,
        },
        "disk_details": [_disk(disk) for disk in reading.disks],
        "nic_details": [_nic(nic, found.macs.get(nic.tap)) for nic in reading.nics],
    }


def _disk(disk: DiskReading) -> dict[str, Any]:
    return {
        "read_bytes": disk.read_bytes,
        "read_requests": disk.read_requests,
        "write_bytes": disk.write_bytes,
        "write_requests": disk.write_requests,
        "errors_count": disk.errors,
    }


def _nic(nic: NicReading, mac: str | None) -> dict[str, Any]:
    return {
        "mac_address": mac,
        "rx_octets": nic.rx_bytes,
        "rx_packets": nic.rx_packets,
        "rx_errors": nic.rx_errors,
        "rx_drop": nic.rx_drops,
        "rx_rate": None,
        "tx_octets": nic.tx_bytes,
        "tx_packets": nic.tx_packets,
        "tx_errors": nic.tx_errors,
        "tx_drop": nic.tx_drops,
        "tx_rate": None,
    }


def libvirts(found: Diagnosed) -> dict[str, Any]:
    """A flat list of numbers; memory in KiB."""
    reading, memory = found.reading, found.reading.memory
    shown: dict[str, Any] = {f"cpu{n}_time": used for n, used in enumerate(reading.vcpus_ns)}
    for disk in reading.disks:
        shown |= {
            f"{disk.device}_read_req": disk.read_requests,
            f"{disk.device}_read": disk.read_bytes,
            f"{disk.device}_write_req": disk.write_requests,
            f"{disk.device}_write": disk.write_bytes,
            f"{disk.device}_errors": _UNKNOWN if disk.errors is None else disk.errors,
        }
    shown["memory"] = found.instance.memory_mib << 10
    if memory is not None:
        shown |= {"memory-actual": memory.actual >> 10, "memory-rss": memory.resident >> 10}
        if memory.available is not None and memory.used is not None:
            shown |= {
                "memory-available": memory.available >> 10,
                "memory-unused": (memory.available - memory.used) >> 10,
            }
    for nic in reading.nics:
        for way in ("rx", "tx"):
            shown |= {
                f"{nic.tap}_{way}": getattr(nic, f"{way}_bytes"),
                f"{nic.tap}_{way}_packets": getattr(nic, f"{way}_packets"),
                f"{nic.tap}_{way}_errors": getattr(nic, f"{way}_errors"),
                f"{nic.tap}_{way}_drop": getattr(nic, f"{way}_drops"),
            }
    return shown
