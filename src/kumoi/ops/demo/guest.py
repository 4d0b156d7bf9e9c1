"""The demonstration's steps that every cloud takes, simulated or not: each looks first, so that again finds all.

They speak as user `admin` in project `demo`, by the public API.
"""

import base64
from pathlib import Path
from typing import Any, Final

from kumoi.core.errors import Taken
from kumoi.ops.client import Client
from kumoi.ops.demo.key import ensure_key
from kumoi.ops.demo.telling import Step, Teller
from kumoi.ops.demo.waiting import CannotDemo, wait, why
from kumoi.ops.tiny import ensure_tiny_image, find_tiny_image

NAME: Final = "demo"
FLAVOR: Final = "m1.nano"
_MAKE_FLAVOR: Final = f"openstack --os-cloud kumoi-admin flavor create --ram 128 --disk 1 --vcpus 1 {FLAVOR}"
HELLO: Final = "hello from user data"
USER_DATA: Final = f"#!/bin/sh\necho '{HELLO}' > /root/hello\n"
HOST_S: Final = 60.0
ACTIVE_S: Final = 180.0
GONE_S: Final = 60.0
_COMPUTE: Final = "/compute/v2.1"
_NETWORK: Final = "/network/v2.0"


class Guest:
    """The way to a guest that runs and has a public address."""

    def __init__(self, client: Client, teller: Teller) -> None:
        self._client = client
        self._teller = teller

    def host(self) -> None:
        """Somebody is there to run it."""
        with self._teller.step("host") as step:

            def look() -> dict[str, Any] | None:
                hosts = self._client.get(f"{_COMPUTE}/os-hypervisors/detail")["hypervisors"]
                return next((h for h in hosts if h["state"] == "up"), None)

            found = wait(step, look, lambda: "No host has said hello yet: see `kumoi logs --program agent`.", HOST_S)
            step.ended("found", f"{found['hypervisor_hostname']}, {found['hypervisor_type']}")

    def image(self, disk: Path | None) -> str:
        with self._teller.step("image") as step:
            before = find_tiny_image(self._client)
            image = before or ensure_tiny_image(self._client, disk)
            step.ended("found" if before else "made", f"{image['name']}, {image['size'] >> 20} MiB, public")
            return str(image["id"])

    def key_pair(self, path: Path) -> None:
        with self._teller.step("key pair") as step:
            public = ensure_key(path)
            pairs = [p["keypair"] for p in self._client.get(f"{_COMPUTE}/os-keypairs")["keypairs"]]
            ours = next((p for p in pairs if p["name"] == NAME), None)
            step.ended("found", f"{NAME}, private key {path}")
            if ours is not None and _material(ours["public_key"]) != _material(public):
                self._client.delete(f"{_COMPUTE}/os-keypairs/{NAME}")
                ours = None
            if ours is None:
                wish = {"keypair": {"name": NAME, "public_key": public}}
                self._client.post(f"{_COMPUTE}/os-keypairs", wish)
                step.ended("made", step.detail)

    def security_rules(self) -> None:
        """ssh and ping into the project's default group."""
        with self._teller.step("security rules") as step:
            groups = self._client.get(f"{_NETWORK}/security-groups?name=default")["security_groups"]
            mine = self._project()
            group = next(g for g in groups if g["project_id"] == mine)
            made = [self._rule(group["id"], protocol, port) for protocol, port in (("tcp", 22), ("icmp", None))]
            step.ended("made" if any(made) else "found", "ssh and ping into group default")

    def _project(self) -> str:
        token = self._client.get("/identity/v3/auth/projects")["projects"]
        return str(next(p["id"] for p in token if p["name"] == NAME))

    def _rule(self, group_id: str, protocol: str, port: int | None) -> bool:
        wish = {
            "security_group_id": group_id,
            "direction": "ingress",
            "ethertype": "IPv4",
            "protocol": protocol,
            "port_range_min": port,
            "port_range_max": port,
        }
        try:
            self._client.post(f"{_NETWORK}/security-group-rules", {"security_group_rule": wish})
        except Taken:
            return False
        return True

    def server(self, image_id: str) -> dict[str, Any]:
        """The running server `demo`; a broken one of that name is replaced, a stopped one started."""
        with self._teller.step("server") as step:
            server = self._usable(step)
            step.ended("found" if server else "made", NAME)
            if server is None:
                server = self._make(image_id)
            elif server["status"] == "SHUTOFF":
                self._client.post(f"{_COMPUTE}/servers/{server['id']}/action", {"os-start": None})
            running = wait(step, lambda: self._active(server["id"]), lambda: why(self._client, server["id"]), ACTIVE_S)
            step.detail = f"{NAME} {running['id']}, {_fixed(running)['addr']}"
            return running

    def _usable(self, step: Step) -> dict[str, Any] | None:
        server = self._named()
        if server is None or server["status"] != "ERROR":
            return server
        step.note(f"replacing the broken one: {server.get('fault', {}).get('message', 'ERROR')}")
        self._client.delete(f"{_COMPUTE}/servers/{server['id']}")
        wait(step, lambda: True if self._named() is None else None, lambda: "Waiting until it is gone.", GONE_S)
        return None

    def _named(self) -> dict[str, Any] | None:
        found = self._client.get(f"{_COMPUTE}/servers/detail?name=^{NAME}$")["servers"]
        return dict(found[0]) if found else None

    def _make(self, image_id: str) -> dict[str, Any]:
        flavors = [f for f in self._client.get(f"{_COMPUTE}/flavors")["flavors"] if f["name"] == FLAVOR]
        if not flavors:
            raise CannotDemo(f"There is no flavor `{FLAVOR}` any more: {_MAKE_FLAVOR}")
        networks = self._client.get(f"{_NETWORK}/networks?name=private")["networks"]
        if not networks:
            raise CannotDemo("There is no network `private` any more: openstack network create private")
        wish = {
            "name": NAME,
            "imageRef": image_id,
            "flavorRef": flavors[0]["id"],
            "networks": [{"uuid": networks[0]["id"]}],
            "key_name": NAME,
            "user_data": base64.b64encode(USER_DATA.encode()).decode(),
        }
        return dict(self._client.post(f"{_COMPUTE}/servers", {"server": wish})["server"])

    def _active(self, server_id: str) -> dict[str, Any] | None:
        server = self._client.get(f"{_COMPUTE}/servers/{server_id}")["server"]
        if server["status"] == "ERROR":
            said = why(self._client, server_id) or server.get("fault", {}).get("message", "")
            raise CannotDemo(f"The server is in ERROR: {said} See `kumoi why {NAME}`.")
        return dict(server) if server["status"] == "ACTIVE" else None

    def public_address(self, server: dict[str, Any]) -> str:
        with self._teller.step("floating IP") as step:
            ports = self._client.get(f"{_NETWORK}/ports?device_id={server['id']}")["ports"]
            port_id = ports[0]["id"]
            found = self._client.get(f"{_NETWORK}/floatingips?port_id={port_id}")["floatingips"]
            if found:
                step.ended("found", found[0]["floating_ip_address"])
                return step.detail
            public = self._client.get(f"{_NETWORK}/networks?name=public")["networks"]
            if not public:
                raise CannotDemo("There is no network `public` any more: openstack network create --external public")
            wish = {"floating_network_id": public[0]["id"], "port_id": port_id}
            made = self._client.post(f"{_NETWORK}/floatingips", {"floatingip": wish})["floatingip"]
            step.ended("made", made["floating_ip_address"])
            return step.detail


def _fixed(server: dict[str, Any]) -> dict[str, Any]:
    return next(a for several in server["addresses"].values() for a in several if a["OS-EXT-IPS:type"] == "fixed")


def _material(public_key: str) -> str:
    """Type and key, without the comment."""
    return " ".join(public_key.split()[:2])
