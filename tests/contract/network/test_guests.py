"""The contract of the guest services, the same for every driver: what guests are told, and who is told nothing."""

import base64
import json

import pytest
from tests.contract.network.conftest import LINUX
from tests.contract.network.plans import ANYONE, Net, filters, net
from tests.contract.network.rig import Rig

from kumoi.contracts.guests import GuestNetwork
from kumoi.core.dhcp_options import DhcpOption
from kumoi.core.guest_data import GuestData
from kumoi.core.networks import Route
from kumoi.core.plan import NicEntry

# Whoever answers DHCP for IPv4.
EACH = pytest.mark.parametrize("rig", [LINUX, pytest.param("dnsmasq", marks=pytest.mark.privileged)], indirect=True)
TOKEN = "X-aws-ec2-metadata-token"


def told(name: str, **changed: object) -> GuestData:
    facts = {
        "project_id": "0" * 32,
        "account": "123456789012",
        "user_id": "1" * 32,
        "image_id": "5f0e3d3e-0000-4000-8000-000000000000",
        "ec2_id": "i-0123456789abcdef0",
        "ec2_image_id": "ami-0123456789abcdef0",
        "reservation_id": "r-0123456789abcdef0",
        "launch_index": 0,
        "flavor_name": "m1.tiny",
        "zone": "nova",
        "keypair_name": "mine",
        "public_key": "ssh-ed25519 AAAA mine",
        "user_data": base64.b64encode(b"#!/bin/sh\n\x00\xff").decode(),
        "labels": {"role": "web"},
        "group_names": ("default",),
    }
    return GuestData(name=name, hostname=name, **(facts | changed))  # type: ignore[arg-type]


def publish(rig: Rig, place: Net, *nics: NicEntry) -> None:
    known = GuestNetwork(network=place.entry, subnets=(place.subnet,), nics=nics)
    guests = {nic.instance_id: told(nic.hostname) for nic in nics if nic.instance_id is not None}
    rig.services.publish((known,), guests)


def draw(rig: Rig, place: Net, *nics: NicEntry) -> None:
    rig.network.ensure_filters(filters((ANYONE,), *nics), nics)
    rig.network.ensure_segment(place.segment(*nics, services=True))
    publish(rig, place, *nics)
    for nic in nics:
        rig.plug(nic, place.entry, by_hand=False)


@pytest.fixture
def place(rig: Rig) -> Net:
    rig.start_services()
    return net()


@EACH
def test_a_guest_gets_its_address_and_all_that_belongs_to_it(rig: Rig, place: Net) -> None:
    a = place.nic(11, ANYONE)
    draw(rig, place, a)
    got = rig.ask_address(a.id)
    assert (got["ip"], got["mask"], got["router"]) == (place.host(11), "24", place.host(1))
    assert (got["dns"], got["mtu"]) == (place.host(2), "1450")
    assert (got["hostname"], got["domain"]) == ("vm11", "cloud.example")
    routes = f"169.254.169.254/32 {place.host(2)} 0.0.0.0/0 {place.host(1)}"
    assert got["staticroutes"] == routes


@EACH
def test_a_subnets_own_servers_and_routes_are_told(rig: Rig, place: Net) -> None:
    special = place.changed(
        gateway=None, dns_servers=("192.0.2.53", "192.0.2.54"), host_routes=(Route("172.16.0.0/12", "10.0.0.9"),)
    )
    a = special.nic(11, ANYONE)
    draw(rig, special, a)
    got = rig.ask_address(a.id)
    assert (got["dns"], got["router"]) == ("192.0.2.53 192.0.2.54", "")
    assert got["staticroutes"] == "172.16.0.0/12 10.0.0.9 169.254.169.254/32 10.0.0.2"


@EACH
def test_a_nics_own_options_and_domain_are_told(rig: Rig, place: Net) -> None:
    own = {"tftp-server": "boot.example", "server-ip-address": "192.0.2.69", "ntp-server": "192.0.2.1,192.0.2.2"}
    options = tuple(DhcpOption(name=name, value=value) for name, value in {**own, "router": ""}.items())
    a, b = place.nic(11, ANYONE, dns_domain="far.example.", dhcp_options=options), place.nic(12, ANYONE)
    draw(rig, place, a, b)
    got = rig.ask_address(a.id)
    assert (got["tftp"], got["siaddr"], got["ntpsrv"]) == ("boot.example", "192.0.2.69", "192.0.2.1 192.0.2.2")
    assert (got["domain"], got["router"]) == ("far.example", "")
    got = rig.ask_address(b.id)
    assert (got["tftp"], got["ntpsrv"], got["domain"]) == ("", "", "cloud.example")
    for name in ("vm11.far.example", "vm11.cloud.example", "vm11"):
        assert rig.ask_name(b.id, place.host(2), name) == ("ok", [place.host(11)])
    assert rig.ask_name(b.id, place.host(2), "vm12.far.example")[0] == "refused"


@EACH
def test_who_is_not_in_the_plan_gets_nothing(rig: Rig, place: Net) -> None:
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(rig, place, a, b)
    publish(rig, place, a)
    assert rig.ask_address(b.id) == {}
    moved = place.nic(13, ANYONE, id=a.id, mac=a.mac)
    publish(rig, place, moved, b)
    assert (rig.ask_address(a.id)["ip"], rig.ask_address(b.id)["ip"]) == (place.host(13), place.host(12))
    rig.services.publish((), {})
    assert rig.ask_address(b.id) == {}


def test_names_of_the_network_are_answered_both_ways(rig: Rig, place: Net) -> None:
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(rig, place, a, b)
    rig.ask_address(a.id)
    server = place.host(2)
    for name in ("vm12", "vm12.cloud.example", "VM12.Cloud.Example", "host-10-0-0-12.cloud.example"):
        assert rig.ask_name(a.id, server, name) == ("ok", [place.host(12)])
    assert rig.ask_name(a.id, server, "vm12", "AAAA") == ("ok", [])
    assert rig.ask_name(a.id, server, "12.0.0.10.in-addr.arpa", "PTR") == ("ok", ["vm12.cloud.example"])
    assert rig.ask_name(a.id, server, "vm13.cloud.example")[0] == "no_such_name"
    assert rig.ask_name(a.id, server, "99.0.0.10.in-addr.arpa", "PTR")[0] == "no_such_name"
    assert rig.ask_name(a.id, server, "www.example.org")[0] == "refused"


def test_other_names_are_asked_where_the_machine_asks(rig: Rig, place: Net) -> None:
    a = place.nic(11, ANYONE)
    draw(rig, place, a)
    rig.ask_address(a.id)
    server = place.host(2)
    rig.name_outside("www.example.org", "192.0.2.80")
    assert rig.ask_name(a.id, server, "www.example.org") == ("ok", ["192.0.2.80"])
    assert rig.ask_name(a.id, server, "ftp.example.org")[0] == "no_such_name"
    rig.name_outside("vm11.cloud.example", "192.0.2.66")
    assert rig.ask_name(a.id, server, "vm11.cloud.example") == ("ok", [place.host(11)]), "what is ours is ours"
    assert rig.ask_name(a.id, server, "1.0.168.192.in-addr.arpa", "PTR")[0] == "no_such_name"


def test_metadata_in_ec2s_spelling(rig: Rig, place: Net) -> None:
    a = place.nic(11, ANYONE)
    draw(rig, place, a)
    rig.ask_address(a.id)
    assert "latest" in rig.fetch(a.id, "/")[1].split()
    assert rig.fetch(a.id, "/latest/") == (200, "dynamic\nmeta-data\nuser-data")
    names = rig.fetch(a.id, "/2009-04-04/meta-data/")[1].split("\n")
    assert {"ami-id", "instance-id", "local-ipv4", "placement/", "public-keys/"} <= set(names)
    for path, value in (
        ("instance-id", "i-0123456789abcdef0"),
        ("local-ipv4", place.host(11)),
        ("local-hostname", "vm11.cloud.example"),
        ("placement/availability-zone", "nova"),
        ("public-keys/", "0=mine"),
        ("public-keys/0/openssh-key", "ssh-ed25519 AAAA mine"),
        ("tags/instance/role", "web"),
        (f"network/interfaces/macs/{a.mac}/local-ipv4s", place.host(11)),
    ):
        assert rig.fetch(a.id, f"/latest/meta-data/{path}") == (200, value)
    document = json.loads(rig.fetch(a.id, "/latest/dynamic/instance-identity/document")[1])
    assert (document["accountId"], document["privateIp"]) == ("123456789012", place.host(11))
    assert rig.fetch(a.id, "/latest/meta-data/nothing")[0] == 404


def test_metadata_in_openstacks_spelling(rig: Rig, place: Net) -> None:
    a = place.nic(11, ANYONE)
    draw(rig, place, a)
    rig.ask_address(a.id)
    assert "latest" in rig.fetch(a.id, "/openstack")[1].split()
    names = rig.fetch(a.id, "/openstack/2018-08-27/")[1].split()
    assert {"meta_data.json", "user_data", "network_data.json", "vendor_data.json", "password"} <= set(names)
    found = json.loads(rig.fetch(a.id, "/openstack/latest/meta_data.json")[1])
    assert (found["uuid"], found["name"], found["meta"]) == (a.instance_id, "vm11", {"role": "web"})
    assert found["public_keys"] == {"mine": "ssh-ed25519 AAAA mine"}
    drawn = json.loads(rig.fetch(a.id, "/openstack/latest/network_data.json")[1])
    assert drawn["links"][0]["ethernet_mac_address"] == a.mac
    assert drawn["networks"][0]["type"] == "ipv4_dhcp"


def test_a_token_is_good_for_its_owner_only(rig: Rig, place: Net) -> None:
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(rig, place, a, b)
    for nic in (a, b):
        rig.ask_address(nic.id)
    ttl = {"X_aws_ec2_metadata_token_ttl_seconds": "60"}
    status, token = rig.fetch(a.id, "/latest/api/token", "PUT", **ttl)
    assert status == 200
    path, header = "/latest/meta-data/local-ipv4", TOKEN.replace("-", "_")
    assert rig.fetch(a.id, path, **{header: token}) == (200, place.host(11))
    assert rig.fetch(b.id, path, **{header: token})[0] == 401
    assert rig.fetch(a.id, path, **{header: "AAAA"})[0] == 401
    assert rig.fetch(a.id, "/latest/api/token", "PUT")[0] == 400
    assert rig.fetch(a.id, "/latest/api/token", "PUT", X_Forwarded_For="192.0.2.1", **ttl)[0] == 403
    assert rig.fetch(a.id, path, "POST")[0] == 405


def test_two_networks_with_the_same_addresses_are_told_apart(rig: Rig, place: Net) -> None:
    other = net()
    a, b = place.nic(11, ANYONE, hostname="here"), other.nic(11, ANYONE, hostname="there")
    rig.network.ensure_filters(filters((ANYONE,), a, b), (a, b))
    for where, nic in ((place, a), (other, b)):
        rig.network.ensure_segment(where.segment(nic, services=True))
        rig.plug(nic, where.entry, by_hand=False)
    known = tuple(GuestNetwork(network=w.entry, subnets=(w.subnet,), nics=(n,)) for w, n in ((place, a), (other, b)))
    rig.services.publish(known, {nic.instance_id: told(nic.hostname) for nic in (a, b) if nic.instance_id})
    for nic in (a, b):
        rig.ask_address(nic.id)
        assert rig.fetch(nic.id, "/latest/meta-data/hostname")[1] == f"{nic.hostname}.cloud.example"


def test_a_dnsmasq_that_was_killed_is_there_with_the_next_publication(dnsmasq: Rig) -> None:
    dnsmasq.start_services()
    place = net()
    a = place.nic(11, ANYONE)
    draw(dnsmasq, place, a)
    # Until it is dead: what is left of it then has no command line.
    kill = "p=$(cat /run/dnsmasq/*.pid); kill -9 $p; while grep -q dnsmasq /proc/$p/cmdline; do sleep 0.01; done"
    dnsmasq.shell("sh", "-c", kill)  # type: ignore[attr-defined]
    publish(dnsmasq, place, a)
    assert dnsmasq.ask_address(a.id)["ip"] == place.host(11)
    assert dnsmasq.ask_name(a.id, place.host(2), "vm11") == ("ok", [place.host(11)]), "names are guestd's"


@EACH
def test_what_was_published_outlives_the_agent(rig: Rig, place: Net) -> None:
    a = place.nic(11, ANYONE)
    draw(rig, place, a)
    rig.restart_driver()
    assert rig.ask_address(a.id)["ip"] == place.host(11)
    publish(rig, place, a)
    assert rig.fetch(a.id, "/latest/meta-data/instance-id")[0] == 200


def test_a_publication_replaces_the_former(rig: Rig, place: Net) -> None:
    a = place.nic(11, ANYONE)
    draw(rig, place, a)
    rig.ask_address(a.id)
    for _ in range(2):
        rig.services.publish((), {})
    assert rig.fetch(a.id, "/latest/meta-data/instance-id")[0] == 0
    for _ in range(2):
        publish(rig, place, a)
    assert rig.fetch(a.id, "/latest/meta-data/instance-id")[0] == 200
