"""What the trials make in a cloud: a project without limits, networks, servers, ports."""

from typing import Any, Final

from kumoi.ops.caller import Caller
from kumoi.ops.trial import until

COMPUTE: Final = "/compute/v2.1"
NETWORK: Final = "/network/v2.0"
IMAGE: Final = "tiny"
FLAVOR: Final = "m1.nano"
_UNLIMITED: Final = -1


class Tenant:
    """Asks as `caller` does. Every verb raises Unavailable at a refusal."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._image = until(self._active_image, "image")
        flavors = caller.get(f"{COMPUTE}/flavors")["flavors"]
        self._flavor = str(next(f["id"] for f in flavors if f["name"] == FLAVOR))

    def lift_limits(self) -> None:
        projects = self.caller.get("/identity/v3/auth/projects")["projects"]
        project = next(p["id"] for p in projects if p["name"] == "demo")
        compute = dict.fromkeys(("instances", "cores", "ram"), _UNLIMITED)
        network = dict.fromkeys(("port", "network", "subnet"), _UNLIMITED)
        self.caller.must("PUT", f"{COMPUTE}/os-quota-sets/{project}", {"quota_set": compute})
        self.caller.must("PUT", f"{NETWORK}/quotas/{project}", {"quota": network})

    def network(self, name: str, cidr: str) -> str:
        """A network with one subnet; its id."""
        made = self.caller.post(f"{NETWORK}/networks", {"network": {"name": name}})["network"]
        subnet = {"network_id": made["id"], "ip_version": 4, "cidr": cidr}
        self.caller.post(f"{NETWORK}/subnets", {"subnet": subnet})
        return str(made["id"])

    def port(self, network_id: str) -> None:
        self.caller.post(f"{NETWORK}/ports", {"port": {"network_id": network_id}})

    def server_wish(self, name: str, network_id: str, **more: Any) -> dict[str, Any]:
        """The body of POST /servers."""
        server = {
            "name": name,
            "imageRef": self._image,
            "flavorRef": self._flavor,
            "networks": [{"uuid": network_id}],
            **more,
        }
        return {"server": server}

    def server(self, name: str, network_id: str, **more: Any) -> str:
        made = self.caller.post(f"{COMPUTE}/servers", self.server_wish(name, network_id, **more))
        return str(made["server"]["id"])

    def all_active(self) -> None:
        """No server is on its way any more."""
        until(self._none_building, "servers", every_s=0.2)

    def failed(self) -> int:
        """How many servers came to nothing."""
        return len(self.caller.get(f"{COMPUTE}/servers?status=ERROR&limit=1000")["servers"])

    def _none_building(self) -> bool | None:
        building = self.caller.get(f"{COMPUTE}/servers?status=BUILD&limit=1")["servers"]
        return None if building else True

    def _active_image(self) -> str | None:
        found = self.caller.get(f"/image/v2/images?name={IMAGE}&status=active")["images"]
        return str(found[0]["id"]) if found else None
