"""What only the kernel can show: frames that no honest machine sends, helpers that die, rules that others touch."""

import os
import socket
import struct
import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.contract.network.frames import (
    NOISE,
    arp,
    dhcp_offer,
    ethernet,
    redirect_of_neighbours,
    router_advertisement,
)
from tests.contract.network.frames import tcp as segment
from tests.contract.network.plans import ANYONE, Net, external, filters, group, net, tcp, vpc
from tests.contract.network.test_guests import publish

from kumoi.contracts.guests import GuestNetwork
from kumoi.core.ids import GroupId
from kumoi.core.nics import FixedIp
from kumoi.core.plan import NicEntry
from kumoi.core.vpcs import Floating


def draw(linux: Any, place: Net, *nics: NicEntry, services: bool = False, **plug: Any) -> None:
    linux.network.ensure_filters(filters((ANYONE,), *nics), nics)
    linux.network.ensure_segment(place.segment(*nics, services=services))
    for nic in nics:
        linux.plug(nic, place.entry, **plug)


def eventually(happens: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline


@pytest.fixture
def place() -> Net:
    return net()


def test_no_false_frame_leaves_a_guest(linux: Any, place: Net) -> None:
    a, b, c = (place.nic(number, ANYONE) for number in (11, 12, 13))
    draw(linux, place, a, b, c)
    linux.stranger("wire", place.entry, "10.0.0.40/24")
    ears = [linux.listen_frames(each) for each in (b.id, "wire")]
    honest = arp(a.mac, a.mac, "10.0.0.11", "10.0.0.12", note=b"honest")
    false = {
        "ARP for another's address": arp(a.mac, a.mac, "10.0.0.13", "10.0.0.12"),
        "ARP with another's MAC inside": arp(a.mac, c.mac, "10.0.0.11", "10.0.0.12"),
        "another's MAC outside": arp(c.mac, a.mac, "10.0.0.11", "10.0.0.12"),
        "a DHCP server": dhcp_offer(a.mac, "10.0.0.11"),
        "a router advertisement": router_advertisement(a.mac),
        "one behind a hop-by-hop header": router_advertisement(a.mac, hidden=True),
        "a neighbour advertisement for another": redirect_of_neighbours(a.mac, "fd00::13"),
        "an unknown protocol": ethernet(a.mac, 0x88B5, NOISE),
        "a VLAN tag": ethernet(a.mac, 0x8100, b"\0\5\x08\0" + NOISE),
    }
    linux.send_frames(a.id, [*false.values(), honest])
    sent = {frame: name for name, frame in false.items()}
    for ear in ears:
        arrived = [sent[f] for frame in linux.heard(ear, b"honest") for f in sent if frame.startswith(f)]
        assert arrived == []


def test_groups_judge_what_belongs_to_no_connection(linux: Any, place: Net) -> None:
    """As they judge what begins one. SYN, ACK, SYN with ACK, RST, FIN, PSH: of the last four no tracker makes one."""
    web = group(tcp(80))
    a, b = place.nic(11, ANYONE), place.nic(12, web)
    linux.network.ensure_filters(filters((ANYONE, web), a, b), (a, b))
    linux.network.ensure_segment(place.segment(a, b))
    for nic in (a, b):
        linux.plug(nic, place.entry)
    ear = linux.listen_frames(b.id)
    kinds = {"SYN": 2, "ACK": 16, "SYN, ACK": 18, "RST": 4, "FIN": 1, "PSH": 8}
    sent = {
        segment(a.mac, b.mac, "10.0.0.11", "10.0.0.12", port, flags): (port, name)
        for port in (80, 81)
        for name, flags in kinds.items()
    }
    linux.send_frames(a.id, [*sent, arp(a.mac, a.mac, "10.0.0.11", "10.0.0.12", note=b"the last one")])
    arrived = {sent[f] for frame in linux.heard(ear, b"the last one") for f in sent if frame.startswith(f)}
    assert arrived == {(80, name) for name in kinds}


def test_a_guest_does_not_reach_the_host_by_its_bridge(linux: Any, place: Net) -> None:
    outside, a = external(), place.nic(11, ANYONE)
    draw(linux, place, a)
    linux.network.ensure_segment(outside.segment())
    linux.add_address(a.id, "203.0.113.77/24")
    assert not linux.ping(a.id, "203.0.113.1", source="10.0.0.11")
    bridge = linux.shell("ip", "-br", "link", "show", linux.network.bridge(place.entry)).split()[2]
    linux.run(a.id, "ip", "neigh", "replace", "203.0.113.1", "lladdr", bridge, "dev", "eth0")
    assert not linux.ping(a.id, "203.0.113.1", source="10.0.0.11")


def test_ipv6_is_filtered_like_ipv4(linux: Any, place: Net) -> None:
    six = group({"protocol": "icmp", "ether_type": "IPv6"}, tcp(80, ether_type="IPv6", remote_cidr="fd00::/64"))
    a, b = (
        place.nic(n, six, fixed_ips=(FixedIp(place.subnet.id, place.host(n)), FixedIp(place.subnet.id, f"fd00::{n}")))
        for n in (11, 12)
    )
    linux.network.ensure_filters(filters((six,), a, b), (a, b))
    linux.network.ensure_segment(place.segment(a, b))
    for nic in (a, b):
        linux.plug(nic, place.entry)
    for port in (80, 81):
        linux.serve(b.id, port)
    assert linux.ping(a.id, "fd00::12")
    assert not linux.ping(a.id, place.host(12))
    assert linux.call(a.id, "fd00::12", 80) == "fd00::11"
    assert linux.call(a.id, "fd00::12", 81) is None
    linux.add_address(a.id, "fd00::77/64")
    assert not linux.ping(a.id, "fd00::12", source="fd00::77")


def test_not_a_packet_is_lost_while_everything_is_loaded_again(linux: Any, place: Net) -> None:
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(linux, place, a, b)
    assert linux.ping(a.id, place.host(12))
    linux.start_pinging(a.id, place.host(12))
    for _ in range(5):
        linux.restart_driver()
        linux.network.ensure_segment(place.segment(a, b))
        linux.network.ensure_filters(filters((ANYONE,), a, b), (a, b))
    sent, lost = linux.stop_pinging()
    assert sent > 20
    assert lost == 0


def test_rules_that_somebody_took_away_come_back(linux: Any, place: Net) -> None:
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(linux, place, a, b)
    linux.add_address(a.id, "10.0.0.77/24")
    linux.shell("nft", "flush", "ruleset")
    assert linux.ping(a.id, place.host(12), source="10.0.0.77")
    assert linux.network.observe().nics == set()
    linux.network.ensure_segment(place.segment(a, b))
    linux.network.ensure_filters(filters((ANYONE,), a, b), (a, b))
    assert not linux.ping(a.id, place.host(12), source="10.0.0.77")
    assert linux.ping(a.id, place.host(12))


def test_a_change_by_others_in_between_is_noticed(linux: Any, place: Net) -> None:
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(linux, place, a)
    for table in ("kumoi_a", "kumoi_b"):
        linux.run_on_host("nft", "delete", "table", "inet", table)
    linux.network.ensure_filters(filters((ANYONE,), a, b), (a, b))
    linux.network.ensure_segment(place.segment(a, b))
    linux.plug(b, place.entry)
    assert linux.ping(a.id, place.host(12))


def test_the_death_of_nft_costs_nothing(linux: Any, place: Net) -> None:
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(linux, place, a)
    linux.kill_nft()
    draw_b = filters((ANYONE,), a, b)
    linux.network.ensure_filters(draw_b, (a, b))
    linux.network.ensure_segment(place.segment(a, b))
    linux.plug(b, place.entry)
    assert linux.ping(a.id, place.host(12))


def test_a_bridge_made_anew_takes_its_taps_and_wires_back(linux: Any, place: Net) -> None:
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(linux, place, a, b, services=True)
    linux.shell("ip", "link", "del", linux.network.bridge(place.entry))
    assert not linux.ping(a.id, place.host(12))
    linux.network.ensure_segment(place.segment(a, b, services=True))
    # The guest's kernel asks again for its neighbour once a second.
    eventually(lambda: linux.ping(a.id, place.host(12)))
    eventually(lambda: linux.ping(a.id, place.host(2)))


@pytest.mark.parametrize("seed", range(12))
def test_an_agent_killed_at_any_moment_leaves_nothing_that_the_next_one_cannot_mend(
    linux: Any, place: Net, seed: int
) -> None:
    outside, nic = external(), place.nic(11, ANYONE)
    linux.network.ensure_filters(filters((ANYONE,), nic), (nic,))
    linux.network.ensure_segment(outside.segment())
    legs = (place.leg(1, "02:aa:00:00:00:01"),)
    led = vpc(*legs, gateway=outside.leg(100, "02:aa:00:00:00:02"), default_via=outside.host(1))
    segment = place.segment(nic, services=True)
    linux.interrupted(seed, segment, led, False)
    seen = linux.network.observe()
    assert seen.strays == ()
    if seed % 2:  # the plan changed meanwhile: what stands is told, so it can be taken away
        for vpc_id in seen.vpcs:
            linux.network.remove_vpc(vpc_id)
        for network in seen.segments - {outside.entry.id}:
            linux.network.remove_segment(network)
        assert linux.network.observe().segments == {outside.entry.id}
        assert "ns-" not in linux.shell("ip", "-br", "link")
    linux.network.ensure_segment(segment)
    linux.network.ensure_vpc(led)
    linux.plug(nic, place.entry, gateway=place.host(1))
    assert linux.ping(nic.id, outside.host(1))
    linux.interrupted(seed + 100, segment, led, True)
    seen = linux.network.observe()
    assert seen.strays == ()
    linux.network.ensure_segment(segment)
    linux.network.ensure_vpc(led)
    eventually(lambda: linux.ping(nic.id, outside.host(1)))


def test_devices_of_ours_that_nobody_named_are_strays(linux: Any, place: Net) -> None:
    linux.network.ensure_segment(place.segment())
    bridge = linux.network.bridge(place.entry)
    linux.shell("ip", "link", "add", "tapdeadbeef-00", "type", "veth", "peer", "name", "x0")
    linux.shell("ip", "link", "set", "tapdeadbeef-00", "master", bridge)
    linux.shell("ip", "link", "add", "br77", "type", "bridge")
    linux.shell("touch", "/run/netns/qrouter-what")
    linux.shell("ip", "link", "add", "docker0", "type", "bridge")
    assert linux.network.observe().strays == ("br77", "qrouter-what", "tapdeadbeef-00")


def test_a_wire_that_a_killed_agent_did_not_label_is_no_stray(linux: Any, place: Net) -> None:
    router = vpc(place.leg(1, "02:aa:00:00:00:01"))
    linux.network.ensure_segment(place.segment())
    linux.network.ensure_vpc(router)
    linux.shell("ip", "link", "set", "dev", f"qr-{router.legs[0].nic_id[:11]}", "alias", "")
    assert linux.network.observe().strays == ()
    linux.network.remove_vpc(router.id)
    assert "qr-" not in linux.shell("ip", "-br", "link")


def test_a_name_without_its_namespace_is_no_namespace(linux: Any, place: Net) -> None:
    a, router = place.nic(11, ANYONE), vpc(place.leg(1, "02:aa:00:00:00:01"))
    draw(linux, place, a)
    linux.shell("touch", f"/run/netns/qrouter-{router.id}")
    linux.network.ensure_vpc(router)
    assert linux.ping(a.id, place.host(1))


def test_the_cloud_itself_reaches_floating_addresses(linux: Any, place: Net) -> None:
    outside, a = external(), place.nic(11, ANYONE)
    draw(linux, place, a, gateway=place.host(1))
    linux.network.ensure_segment(outside.segment())
    gateway = outside.leg(100, "02:aa:00:00:00:02")
    floating = (Floating(public=outside.host(200), fixed=place.host(11)),)
    legs = (place.leg(1, "02:aa:00:00:00:01"),)
    linux.network.ensure_vpc(vpc(*legs, gateway=gateway, default_via=outside.host(1), floating=floating))
    linux.serve(a.id, 80)
    linux.serve(a.id, 81)
    assert linux.call_from_host(outside.host(200), 80) == outside.host(1)
    assert linux.call_from_host(outside.host(200), 81) is None


def test_a_thousand_nics_fit(linux: Any) -> None:
    """In a user namespace a transaction is bounded: what is more comes in parts, swapped in at once."""
    place = net("10.0.0")
    crowd = group({"protocol": "tcp", "remote_group_id": "self"})
    nics = tuple(
        place.nic(0, crowd, fixed_ips=(FixedIp(place.subnet.id, f"10.0.{n >> 8}.{n & 255}"),)) for n in range(1000)
    )
    linux.network.ensure_filters(filters((crowd,), *nics), nics)
    assert len(linux.network.observe().nics) == 1000
    linux.network.ensure_filters(filters((crowd,), *nics[:1]), nics[:1])
    assert linux.network.observe().nics == {nics[0].id}


@pytest.mark.parametrize("known", [True, False], ids=["to one that stands", "to one that nobody knows"])
def test_any_number_of_rules_and_blocks_fits(linux: Any, known: bool) -> None:
    """A rule takes far more of a transaction than an element, and a block takes more than an address."""
    place = net("10.0.0")
    blocks = GroupId(str(uuid.uuid4()))
    many = group(
        *(tcp(port, remote_cidr=f"10.{port & 255}.0.0/24") for port in range(1, 901)),
        {"ether_type": "IPv6", "remote_address_group_id": blocks},
        blocks={blocks: tuple(f"2001:db8:{2 * n:x}::/48" for n in range(4000))},
    )
    nic = place.nic(11, many)
    if known:
        linux.network.ensure_filters(filters((ANYONE,), nic), (nic,))
    linux.network.ensure_filters(filters((ANYONE, many), nic), (nic,))
    assert many.id in linux.network.observe().groups
    fewer = msgspec.structs.replace(many, rules=many.rules[::2])
    linux.network.ensure_filters(filters((ANYONE, fewer), nic), (nic,))
    assert linux.network.observe().groups == {ANYONE.id, many.id}


class TestGuestd:
    @pytest.fixture
    def guest(self, linux: Any, place: Net) -> NicEntry:
        linux.start_services()
        a = place.nic(11, ANYONE)
        draw(linux, place, a, services=True, by_hand=False)
        publish(linux, place, a)
        linux.ask_address(a.id)
        return a

    def test_a_new_one_is_given_everything_again(self, linux: Any, place: Net, guest: NicEntry) -> None:
        linux.kill_services()
        assert linux.fetch(guest.id, "/latest/meta-data/instance-id")[0] == 0
        linux.start_services()
        publish(linux, place, guest)
        assert linux.fetch(guest.id, "/latest/meta-data/instance-id")[0] == 200

    def test_a_namespace_made_anew_is_served_again(self, linux: Any, place: Net, guest: NicEntry) -> None:
        linux.network.remove_segment(place.entry.id)
        linux.network.ensure_segment(place.segment(guest, services=True))
        publish(linux, place, guest)
        assert linux.fetch(guest.id, "/latest/meta-data/instance-id")[0] == 200

    def test_a_token_dies_at_the_next_hop(self, linux: Any, guest: NicEntry) -> None:
        ear = linux.listen_frames(guest.id)
        ttl = {"X_aws_ec2_metadata_token_ttl_seconds": "60"}
        status, token = linux.fetch(guest.id, "/latest/api/token", "PUT", **ttl)
        assert status == 200
        told = linux.heard(ear, token.encode())[-1]
        assert told[22] == 1
        linux.fetch(guest.id, "/latest/meta-data/instance-id")
        assert linux.heard(ear, b"i-0123456789abcdef0")[-1][22] == 64

    def test_one_guest_cannot_hold_everything(self, linux: Any, guest: NicEntry) -> None:
        kept, refused = linux.hold(guest.id, 40, 80)
        assert 0 < kept <= 16
        assert kept + refused == 40

    def test_nothing_that_a_guest_sends_ends_it(self, linux: Any, place: Net, guest: NicEntry) -> None:
        server = place.host(2)
        garbage = [os.urandom(size) for size in (0, 1, 11, 12, 40, 240, 300, 1400)]
        nearly = [b"\1\1\6\0" + os.urandom(232) + b"\x63\x82\x53\x63" + os.urandom(60) for _ in range(50)]
        linux.shout(guest.id, server, 67, garbage + nearly)
        linux.shout(guest.id, server, 53, garbage + [struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + g for g in garbage])
        linux.shout(guest.id, server, 53, [struct.pack("!H", len(g)) + g for g in garbage], stream=True)
        lines = [b"GET / HTTP/1.1\r\n" + b"A" * 20_000, b"\r\n\r\n", b"PUT /latest/api/token HTTP/1.1\r\n\r\n"]
        linux.shout(guest.id, server, 80, [*garbage, *lines], stream=True)
        assert linux.services_alive()
        assert linux.fetch(guest.id, "/latest/meta-data/instance-id")[0] == 200
        assert linux.ask_name(guest.id, server, "vm11")[0] == "ok"
        assert linux.ask_address(guest.id)["ip"] == place.host(11)

    def test_nothing_that_it_sends_by_ipv6_does(self, linux: Any, place: Net) -> None:
        six = place.six("dhcpv6-stateful")
        a = place.dual(six, 11, ANYONE)
        linux.start_services()
        linux.network.ensure_filters(filters((ANYONE,), a), (a,))
        linux.network.ensure_segment(place.segment(a, services=True, more=(six,)))
        linux.services.publish((GuestNetwork(network=place.entry, subnets=(place.subnet, six), nics=(a,)),), {})
        linux.plug(a, place.entry, by_hand=False)
        garbage = [os.urandom(size) for size in (0, 1, 3, 4, 40, 1400)]
        nearly = [bytes([kind]) + os.urandom(60) for kind in range(1, 12) for _ in range(10)]
        linux.shout(a.id, "ff02::1:2%eth0", 547, [*garbage, *nearly])
        linux.shout_icmp6(a.id, "ff02::2", [bytes([133, 0, 0, 0]) + g for g in garbage])
        assert linux.ask_address6(a.id)["ip"] == ["fd00:1::b"]
        assert linux.services_alive()


def test_frames_of_a_port_are_told_as_pcap(linux: Any, place: Net) -> None:
    a, b = (place.nic(number, ANYONE) for number in (11, 12))
    draw(linux, place, a, b)
    assert linux.ping(a.id, "10.0.0.12")
    told = linux.ping_captured(f"tap{a.id[:11]}", a.id, "10.0.0.12")
    magic, *_, link_type = struct.unpack("<IHHiIII", told[:24])
    assert (magic, link_type) == (0xA1B2C3D4, 1)
    _, _, kept, length = struct.unpack("<IIII", told[24:40])
    assert kept == length
    question, answer = told[40 : 40 + kept], told[40 + kept + 16 :]
    assert bytes.fromhex(a.mac.replace(":", "")) == question[6:12] == answer[:6]
    assert socket.inet_aton("10.0.0.12") == question[30:34] == answer[26:30]
