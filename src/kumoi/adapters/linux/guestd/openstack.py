"""What Nova's metadata service and config drive tell a guest: JSON documents below /openstack. Pure but for the seed.

Also used for config drives, which hold the same documents.
"""

import base64
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final

import msgspec

from kumoi.adapters.linux import devices
from kumoi.adapters.linux.guestd.book import Machine, Place, is_v4
from kumoi.adapters.linux.guestd.ec2 import full_name, user_data
from kumoi.core.devices import TaggedDevice
from kumoi.core.plan import SubnetEntry

VERSIONS: Final = (
    "2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06", "2017-02-22", "2018-08-27",
    "2020-10-14", "latest",
)  # fmt: skip
SEED_BYTES: Final = 512
CONTENT: Final = "content"


def read(machine: Machine, path: list[str], seed: bytes) -> bytes | None:
    """What stands at the path below `/openstack`. `seed`: SEED_BYTES of fresh randomness."""
    if not path:
        return "\n".join(VERSIONS).encode()
    if path[0] == CONTENT:
        return contents(machine).get(path[1]) if len(path) == 2 else None
    if path[0] not in VERSIONS or len(path) > 2:
        return None
    found = documents(machine, seed)
    return "\n".join(found).encode() if len(path) == 1 else found.get(path[1])


def documents(machine: Machine, seed: bytes) -> dict[str, bytes]:
    """File name → content."""
    found = {
        "meta_data.json": _json(meta_data(machine, seed)),
        "password": b"",
        "vendor_data.json": _json(vendor_data(machine)),
        "vendor_data2.json": b"{}",
        "network_data.json": _json(network_data(machine)),
    }
    given = user_data(machine)
    return found if given is None else {**found, "user_data": given}


def contents(machine: Machine) -> dict[str, bytes]:
    """The files that its user gave it, by the names under which `meta_data` tells of them."""
    return {f"{i:04}": base64.b64decode(text) for i, text in enumerate(machine.data.files.values())}


def meta_data(machine: Machine, seed: bytes) -> dict[str, Any]:
    data = machine.data
    found: dict[str, Any] = {
        "uuid": machine.id,
        "name": data.name,
        "hostname": full_name(machine),
        "availability_zone": data.zone,
        "launch_index": data.launch_index,
        "project_id": data.project_id,
        "devices": [_device(one) for one in data.devices],
        "dedicated_cpus": [],
        "random_seed": base64.b64encode(seed).decode(),
    }
    if data.files:
        found["files"] = [{"path": path, "content_path": f"/{CONTENT}/{i:04}"} for i, path in enumerate(data.files)]
    if data.labels:
        found["meta"] = data.labels
    if data.public_key:
        found["public_keys"] = {data.keypair_name: data.public_key}
        found["keys"] = [{"name": data.keypair_name, "type": "ssh", "data": data.public_key}]
    return found


def _device(one: TaggedDevice) -> dict[str, Any]:
    """Nova tells the tagged ones only."""
    named = {"mac": one.name} if one.kind == "nic" else {"serial": one.name}
    return {"type": one.kind, "bus": "pci", "address": one.address, "tags": [one.tag], **named}


def vendor_data(machine: Machine) -> dict[str, Any]:
    """What the cloud's operator has to say: the way out for HTTP, also as cloud-init takes it."""
    if not machine.http_proxy:
        return {}
    config = {"apt": {"http_proxy": machine.http_proxy, "https_proxy": machine.http_proxy}}
    return {"http_proxy": machine.http_proxy, "cloud-init": "#cloud-config\n" + _json(config).decode()}


def network_data(machine: Machine) -> dict[str, Any]:
    """Nova's network_data.json, by which cloud-init sets up what DHCP does not."""
    networks = [entry for place in machine.places for entry in _networks(place)]
    for number, entry in enumerate(networks):
        entry["id"] = f"network{number}"
    servers = dict.fromkeys(s for place in machine.places for _, subnet in place.addresses for s in subnet.dns_servers)
    return {
        "links": [
            {
                "id": devices.tap(place.nic.id),
                "vif_id": place.nic.id,
                "type": "bridge",
                "mtu": place.network.mtu,
                "ethernet_mac_address": place.nic.mac,
            }
            for place in machine.places
        ],
        "networks": networks,
        "services": [{"type": "dns", "address": server} for server in servers],
    }


def _networks(place: Place) -> Iterator[dict[str, Any]]:
    for address, subnet in place.addresses:
        entry = {"id": "", "link": devices.tap(place.nic.id), "network_id": place.network.id}
        version = "ipv4" if is_v4(address) else "ipv6"
        asked = _asked(subnet, version)
        if asked is not None:
            yield {**entry, "type": asked}
            continue
        yield {
            **entry,
            "type": version,
            "ip_address": address,
            "netmask": str(ip_network(subnet.cidr, strict=False).netmask),
            "routes": _routes(subnet),
            "services": [{"type": "dns", "address": server} for server in subnet.dns_servers],
        }


def _asked(subnet: SubnetEntry, version: str) -> str | None:
    """How the guest gets the address by itself; None where it has to be told here."""
    if not subnet.dhcp:
        return None
    if version == "ipv4":
        return "ipv4_dhcp"
    mode = subnet.address_mode or subnet.ra_mode
    return f"ipv6_{mode}" if mode else None


def _routes(subnet: SubnetEntry) -> list[dict[str, str]]:
    routes = [(r.destination, r.nexthop) for r in subnet.host_routes]
    if subnet.gateway:
        routes.append(("0.0.0.0/0" if is_v4(subnet.gateway) else "::/0", subnet.gateway))
    blocks = [(ip_network(destination, strict=False), hop) for destination, hop in routes]
    return [{"network": str(b.network_address), "netmask": str(b.netmask), "gateway": hop} for b, hop in blocks]


def _json(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document)
