"""Two real guests and what their network promises: both IP versions, a floating IP that moves and answers from inside,
a NIC that comes while its guest runs, and the truth told of a packet's way."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.ground import Ground, until

from kumoi.ops.client import Client

pytestmark = [pytest.mark.guest, pytest.mark.privileged, pytest.mark.timeout(900)]

BOOT_S = 240.0
GROUP, PORTS = "security-group-rules", "ports"


@pytest.fixture
def cloud() -> Iterator[Ground]:
    one = Ground(real=True)
    try:
        one.run("up")
        yield one
    finally:
        one.remove()


class Tenant:
    """The demo user with two guests, `a` and `b`, on the cloud's first network, which is of both IP versions now."""

    def __init__(self, cloud: Ground) -> None:
        self.cloud, self.client = cloud, Client(cloud.state / "clouds.yaml", "kumoi-demo")
        self.network = self.one("networks?name=private")
        router = self.one("routers")
        wish = {"ip_version": 6, "cidr": "fd00:5::/64", "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
        subnet = self.make("subnets", "subnet", network_id=self.network["id"], **wish)
        self.client.put(f"/network/v2.0/routers/{router['id']}/add_router_interface", {"subnet_id": subnet["id"]})
        group = self.one("security-groups?name=default")["id"]
        ssh = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
        self.make(GROUP, "security_group_rule", security_group_id=group, direction="ingress", **ssh)
        self._boot()

    def _boot(self) -> None:
        key = self.cloud.state / "keys/demo_ed25519"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        pair = {"name": "demo", "public_key": key.with_suffix(".pub").read_text()}
        self.client.post("/compute/v2.1/os-keypairs", {"keypair": pair})
        image = self.client.get("/image/v2/images?name=tiny")["images"][0]["id"]
        flavors = self.client.get("/compute/v2.1/flavors")["flavors"]
        flavor = next(one["id"] for one in flavors if one["name"] == "m1.nano")
        wish = {"imageRef": image, "flavorRef": flavor, "key_name": "demo", "networks": [{"uuid": self.network["id"]}]}
        for name in ("a", "b"):
            self.client.post("/compute/v2.1/servers", {"server": {"name": name, **wish}})

    def one(self, path: str) -> Any:
        """The first of a list of Neutron's."""
        return next(iter(self.client.get(f"/network/v2.0/{path}").values()))[0]

    def make(self, path: str, key: str, **attributes: Any) -> Any:
        return self.client.post(f"/network/v2.0/{path}", {key: attributes})[key]

    def server(self, name: str) -> str:
        return str(self.client.get(f"/compute/v2.1/servers?name=^{name}$")["servers"][0]["id"])

    def port(self, name: str) -> Any:
        return self.one(f"{PORTS}?device_id={self.server(name)}&network_id={self.network['id']}")

    def says(self, called: str, script: str) -> str:
        """What a guest says, called by its name or an address; empty while it does not answer."""
        code, text = self.cloud.try_("ssh", called, script)
        return text.strip() if code == 0 else ""

    def waits(self, called: str, script: str, answer: str) -> None:
        until(lambda: self.says(called, script) == answer, BOOT_S)

    def explained(self, *words: str) -> tuple[int, str]:
        return self.cloud.try_("net", "explain", *words)


def address(port: Any, version: int) -> str:
    return next(str(ip["ip_address"]) for ip in port["fixed_ips"] if (":" in ip["ip_address"]) == (version == 6))


def test_what_a_network_promises_its_guests(cloud: Ground) -> None:
    tenant = Tenant(cloud)
    tenant.waits("a", "hostname", "a")
    tenant.waits("b", "hostname", "b")
    for version, program in ((4, "ping"), (6, "ping6")):
        there = address(tenant.port("b"), version)
        tenant.waits("a", f"{program} -c 1 -W 5 {there} >/dev/null && echo heard", "heard")
    tenant.waits("b", 'wget -q -O - "http://[fe80::a9fe:a9fe%eth0]/latest/meta-data/instance-id" | head -c 2', "i-")
    moves(tenant)
    comes_while_it_runs(tenant)


def moves(tenant: Tenant) -> None:
    """A floating IP: into one guest, from itself and its neighbour too, then into the other one."""
    external = tenant.one("networks?router:external=true")["id"]
    made = tenant.make("floatingips", "floatingip", floating_network_id=external, port_id=tenant.port("a")["id"])
    public = made["floating_ip_address"]
    tenant.waits(public, "hostname", "a")
    knock = f"nc -w 10 {public} 22 </dev/null | head -c 4"
    tenant.waits("a", knock, "SSH-")
    tenant.waits("b", knock, "SSH-")
    change = {"floatingip": {"port_id": tenant.port("b")["id"]}}
    tenant.client.put(f"/network/v2.0/floatingips/{made['id']}", change)
    tenant.waits(public, "hostname", "b")
    assert tenant.explained("outside", public, "tcp/22")[0] == 0
    code, told = tenant.explained("outside", public, "tcp/80")
    assert (code, "[ingress_denied]" in told) == (1, True), told


def comes_while_it_runs(tenant: Tenant) -> None:
    network = tenant.make("networks", "network", name="second")["id"]
    tenant.make("subnets", "subnet", network_id=network, ip_version=4, cidr="10.77.0.0/24", gateway_ip=None)
    wish = {"interfaceAttachment": {"net_id": network}}
    made = tenant.client.post(f"/compute/v2.1/servers/{tenant.server('b')}/os-interface", wish)
    there = made["interfaceAttachment"]["fixed_ips"][0]["ip_address"]
    tenant.waits("b", f"ip -o -4 addr show eth1 | grep -o {there}/24", f"{there}/24")
