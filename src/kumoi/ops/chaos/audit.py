"""What must be true of a cloud that was left alone for a while: each sentence that is not, as one line.

It asks from outside, as an administrator; it knows no table and no file of the cloud.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.ops.caller import Caller
from kumoi.ops.chaos.word import PATHS, Ledger

_GONE: Final = 404
_OK: Final = 200
_STEADY: Final = frozenset({"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED", "VERIFY_RESIZE"})
_MOST: Final = 1000
Row = dict[str, Any]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What is there, by the lists that everybody can ask for."""

    servers: list[Row]
    ports: list[Row]
    floating_ips: list[Row]
    images: list[Row]
    volumes: list[Row]
    hosts: list[Row]
    links: list[Row]
    compute: Row
    network: Row
    flavors: dict[str, Row]


def look(caller: Caller, project: str) -> World:
    """Raises Unavailable where the cloud does not answer."""
    versioned = {"X_OpenStack_Nova_API_Version": "2.1"}
    servers = caller.get(f"/compute/v2.1/servers/detail?limit={_MOST}", **versioned)["servers"]
    flavors = caller.get("/compute/v2.1/flavors/detail?is_public=None", **versioned)["flavors"]
    return World(
        servers=servers,
        ports=caller.get("/network/v2.0/ports")["ports"],
        floating_ips=caller.get("/network/v2.0/floatingips")["floatingips"],
        images=caller.get("/image/v2/images?limit=200")["images"],
        volumes=caller.get("/volume/v3/volumes/detail")["volumes"],
        hosts=caller.get("/operator/v1/hosts")["hosts"],
        links=caller.get("/operator/v1/links")["links"],
        compute=caller.get(f"/compute/v2.1/os-quota-sets/{project}/detail", **versioned)["quota_set"],
        network=caller.get(f"/network/v2.0/quotas/{project}/details")["quota"],
        flavors={one["id"]: one for one in flavors},
    )


def findings(caller: Caller, project: str, ledger: Ledger) -> list[str]:
    """All that is wrong now; empty is health."""
    try:
        return [*wrong(look(caller, project), project), *_broken(caller, ledger)]
    except Unavailable as e:
        caller.close()
        return [f"silent: {e}"]


def wrong(world: World, project: str) -> list[str]:
    """What is wrong with what is there, whoever it was promised to."""
    return [*_transient(world), *_behind(world), *_orphans(world), *_doubled(world), *_accounts(world, project)]


def _transient(world: World) -> Iterator[str]:
    for one in world.servers:
        task = one["OS-EXT-STS:task_state"]
        if one["status"] not in _STEADY or task is not None:
            yield f"transient: server {one['id']} is {one['status']} {task or ''} {one.get('fault', '')}"
    for image in world.images:
        if image["status"] in {"queued", "saving"}:
            yield f"transient: image {image['id']} is {image['status']}"
    for volume in world.volumes:
        if volume["status"] not in {"available", "in-use"}:
            yield f"transient: volume {volume['id']} is {volume['status']}"


def _behind(world: World) -> Iterator[str]:
    for host in world.hosts:
        if host["state"] != "up":
            yield f"transient: host {host['name']} is {host['state']}"
        for trouble in host["troubles"]:
            yield f"transient: {trouble['entry']} on {host['name']}: {trouble['says']}"
    for link in world.links:
        if link["behind"]:
            yield f"transient: host {link['host']} is behind in {link['behind']}"


def _orphans(world: World) -> Iterator[str]:
    for host in world.hosts:
        for stray in host["strays"]:
            yield f"orphan: {stray} on {host['name']}"
    servers = {one["id"] for one in world.servers}
    ports = {one["id"] for one in world.ports}
    for port in world.ports:
        if port["device_owner"].startswith("compute:") and port["device_id"] not in servers:
            yield f"orphan: port {port['id']} is of server {port['device_id']}, which is gone"
    for address in world.floating_ips:
        if address["port_id"] and address["port_id"] not in ports:
            yield f"orphan: {address['floating_ip_address']} leads to port {address['port_id']}, which is gone"
    for volume in world.volumes:
        for attachment in volume["attachments"]:
            if attachment["server_id"] not in servers:
                yield f"orphan: volume {volume['id']} is in server {attachment['server_id']}, which is gone"


def _doubled(world: World) -> Iterator[str]:
    taken = Counter((p["network_id"], ip["ip_address"]) for p in world.ports for ip in p["fixed_ips"])
    taken += Counter((p["network_id"], p["mac_address"]) for p in world.ports)
    for (network, thing), count in taken.items():
        if count > 1:
            yield f"doubled: {thing} of network {network}, {count} times"


def _accounts(world: World, project: str) -> Iterator[str]:
    """Counters say what lists say."""
    mine = [one for one in world.servers if one["tenant_id"] == project]
    sizes = [world.flavors[one["flavor"]["id"]] for one in mine]
    # The port of a subnet's own service comes and goes with it, and counts for nobody.
    ports = [p for p in world.ports if p["project_id"] == project and p["device_owner"] != "network:dhcp"]
    addresses = [one for one in world.floating_ips if one["project_id"] == project]
    told = {
        "instances": (world.compute["instances"]["in_use"], len(mine)),
        "floating IPs": (world.network["floatingip"]["used"], len(addresses)),
        "ports": (world.network["port"]["used"], len(ports)),
    }
    if not any(one["status"] == "VERIFY_RESIZE" for one in mine):  # until it is confirmed both sizes are held
        told["cores"] = (world.compute["cores"]["in_use"], sum(f["vcpus"] for f in sizes))
        told["memory"] = (world.compute["ram"]["in_use"], sum(f["ram"] for f in sizes))
    for what, (counted, listed) in told.items():
        if counted != listed:
            yield f"account: {counted} {what} are counted, {listed} are there"


def _broken(caller: Caller, ledger: Ledger) -> Iterator[str]:
    """Promises: what was made is there, what was taken away is not."""
    for promise in ledger.all():
        if promise.said == "unknown":
            continue
        status, _ = caller.ask("GET", f"{PATHS[promise.kind]}/{promise.id}")
        if promise.said == "made" and status != _OK:
            yield f"lost: {promise.kind} {promise.id} was said to be made, and is answered {status}"
        if promise.said == "gone" and status != _GONE:
            yield f"lost: {promise.kind} {promise.id} was said to be gone, and is answered {status}"
