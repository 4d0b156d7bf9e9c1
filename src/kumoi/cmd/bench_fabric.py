"""The inside of `ops.bench.fabric`: the real driver in a throw-away namespace, and the figures on standard output.

Guests are namespaces with one wire to a bridge. What is measured is the driver and the kernel, not the way to them.
"""

import resource
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from kumoi.adapters.linux import devices, links, rooms
from kumoi.adapters.linux.guests import LinuxGuestServices
from kumoi.adapters.linux.network import LinuxNetwork
from kumoi.contracts.guests import GuestNetwork
from kumoi.contracts.network import Filters, Segment
from kumoi.core.groups import SecurityRule
from kumoi.core.ids import GroupId, InstanceId, NetworkId, NicId, ProjectId, RuleId, SubnetId
from kumoi.core.nics import FixedIp
from kumoi.core.plan import GroupEntry, MemberEntry, NetworkEntry, NicEntry, SubnetEntry
from kumoi.ops.bench.figures import Figure
from kumoi.runtime import processes

PORTS: Final = 1000
GROUPS: Final = 10
NETWORKS: Final = 500
_RELOADS: Final = 5
_TRIALS: Final = 15
_WINDOWS: Final = 8
_WINDOW_S: Final = 0.4
_CHUNK: Final = bytes(1 << 18)
_MTU: Final = 1450
_SOCKET: Final = Path("/run/guestd.sock")
_PLAIN: Final = "plain"


def main() -> None:
    network = LinuxNetwork()
    figures = {**_filters(network), **_services(network)}
    sys.stdout.buffer.write(msgspec.json.encode(figures))
    network.close()


def _new() -> str:
    return str(uuid.uuid4())


class _Place:
    """A network with `ports` nics in some groups, whose members reach each other."""

    def __init__(self, vni: int, ports: int, groups: int) -> None:
        self.network = NetworkEntry(id=NetworkId(_new()), vni=vni, mtu=_MTU)
        self.subnet = SubnetEntry(
            id=SubnetId(_new()), network_id=self.network.id, cidr=f"10.{vni >> 8 & 255}.0.0/16",
            gateway=None, dhcp=ports == 1, service_address=f"10.{vni >> 8 & 255}.255.254",
        )  # fmt: skip
        self.groups = tuple(_group() for _ in range(groups))
        self.nics = tuple(self.nic(number) for number in range(ports))

    def nic(self, number: int) -> NicEntry:
        address = f"{self.subnet.cidr.partition('.0.0/')[0]}.{number >> 8}.{number & 255}"
        mark = self.network.vni << 12 | number + 1
        return NicEntry(
            id=NicId(_new()), network_id=self.network.id, mark=mark, fixed_ips=(FixedIp(self.subnet.id, address),),
            mac="02:" + mark.to_bytes(5, "big").hex(":"), group_ids=(self.groups[number % len(self.groups)].id,),
            port_security=True, admin_up=True, instance_id=InstanceId(_new()), hostname=f"vm{number}",
        )  # fmt: skip

    def filters(self, *more: MemberEntry) -> Filters:
        own = (_member(nic) for nic in self.nics)
        return Filters(groups=self.groups, members=(*own, *more))

    def segment(self, *more: NicEntry) -> Segment:
        nics = (*self.nics, *more)
        return Segment(network=self.network, subnets=(self.subnet,), nics=nics, local=frozenset(nic.id for nic in nics))


def _group() -> GroupEntry:
    group, project = GroupId(_new()), ProjectId(_new())
    rules = (
        SecurityRule(id=RuleId(_new()), group_id=group, project_id=project, direction="egress"),
        SecurityRule(id=RuleId(_new()), group_id=group, project_id=project, direction="ingress", remote_group_id=group),
    )
    return GroupEntry(id=group, rules=rules)


def _member(nic: NicEntry) -> MemberEntry:
    return MemberEntry(id=nic.id, group_id=nic.group_ids[0], addresses=tuple(ip.address for ip in nic.fixed_ips))


def _timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _cpu_ms() -> float:
    """Of this process and of those it waited for, so far."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used) * 1000


# --- filters ----------------------------------------------------------------------------------------


def _filters(network: LinuxNetwork) -> dict[str, Figure]:
    place = _Place(0x100, PORTS, GROUPS)
    began = _cpu_ms()
    reload = tuple(_timed(lambda: _fresh(place)) for _ in range(_RELOADS))
    loading = (_cpu_ms() - began) / _RELOADS
    network.ensure_filters(place.filters(), place.nics)
    network.ensure_segment(place.segment())
    strangers = [_member(place.nic(PORTS + number)) for number in range(_TRIALS)]
    grown = [place.filters(*strangers[: number + 1]) for number in range(_TRIALS)]
    began = _cpu_ms()
    member = tuple(_timed(partial(network.ensure_filters, wanted, place.nics)) for wanted in grown)
    changing = (_cpu_ms() - began) / _TRIALS
    port = tuple(_one_more(network, place, place.nic(2000 + number)) for number in range(_TRIALS))
    slower = _slower(network, place)
    return {
        "reload": Figure(values=reload, note=f"{PORTS:,} ports in {GROUPS} groups; {loading:.0f} ms of CPU"),
        "member": Figure(values=member, note=f"{changing:.1f} ms of CPU, without what nft itself uses"),
        "wire": Figure(values=port, note="by the driver: rules, bridge and tap, among 1,000 ports"),
        "filtered": slower,
    }


def _fresh(place: _Place) -> None:
    """As an agent that was just started does, which knows nothing of what is loaded."""
    driver = LinuxNetwork()
    driver.ensure_filters(place.filters(), place.nics)
    driver.close()


def _one_more(network: LinuxNetwork, place: _Place, nic: NicEntry) -> float:
    """Its tap is there; after this, packets pass."""
    _machine(nic.id, devices.tap(nic.id), nic, None)
    nics = (*place.nics, nic)

    def plug() -> None:
        network.ensure_filters(place.filters(_member(nic)), nics)
        network.ensure_segment(place.segment(nic))

    return _timed(plug)


def _slower(network: LinuxNetwork, place: _Place) -> Figure:
    """How much longer a byte takes than over a bridge that filters nothing, the best of windows that alternate."""
    network.ensure_filters(place.filters(), place.nics)
    a, b = place.nics[0], place.nics[GROUPS]
    for nic in (a, b):
        _machine(nic.id, devices.tap(nic.id), nic, devices.bridge(place.network.vni))
    with links.at() as home:
        bridge = home.add_bridge(_PLAIN, _MTU)
        home.mend(bridge, state="up", kind="bridge", br_nf_call_iptables=0, br_nf_call_ip6tables=0)
    for name, nic in (("plain-a", a), ("plain-b", b)):
        _machine(name, name, nic, _PLAIN)
    speeds: dict[str, list[float]] = {"filtered": [], _PLAIN: []}
    for _ in range(_WINDOWS):
        speeds["filtered"].append(_speed(a.id, b.id, b.fixed_ips[0].address))
        speeds[_PLAIN].append(_speed("plain-a", "plain-b", b.fixed_ips[0].address))
    best = {name: max(found) for name, found in speeds.items()}
    gbits = {name: value * 8 / 1e9 for name, value in best.items()}
    note = f"{gbits['filtered']:.1f} against {gbits[_PLAIN]:.1f} Gbit/s, one TCP connection, {PORTS:,} ports loaded"
    return Figure(values=(best[_PLAIN] / best["filtered"],), note=note)


def _machine(room: str, tap: str, nic: NicEntry, bridge: str | None) -> None:
    rooms.ensure(room)
    with links.at() as home:
        near = home.add_wire(tap, "eth0", room, _MTU)
        master = home.get(bridge) if bridge is not None else None
        home.mend(near, state="up", **({"master": master.index} if master is not None else {}))
    with links.at(room) as inside:
        far = inside.get("eth0")
        if far is not None:
            inside.mend(far, address=nic.mac, state="up")
            inside.ensure_addresses(far, [f"{nic.fixed_ips[0].address}/16"])


def _speed(sender: str, receiver: str, address: str) -> float:
    """Bytes a second, from one machine to another."""
    listener = rooms.visit(receiver, lambda: socket.create_server(("", 0)))
    port, heard = listener.getsockname()[1], [0]

    def drink() -> None:
        there, _ = listener.accept()
        with there:
            while got := there.recv_into(room):
                heard[0] += got

    room = bytearray(len(_CHUNK))
    thread = threading.Thread(target=drink)
    thread.start()
    out = rooms.visit(sender, lambda: socket.create_connection((address, port), timeout=10))
    began = time.perf_counter()
    with out:
        while time.perf_counter() - began < _WINDOW_S:
            out.sendall(_CHUNK)
    thread.join()
    listener.close()
    return heard[0] / (time.perf_counter() - began)


# --- services ---------------------------------------------------------------------------------------


def _services(network: LinuxNetwork) -> dict[str, Figure]:
    guestd = subprocess.Popen((sys.executable, "-P", "-m", "kumoi.cmd.guestd", "--socket", str(_SOCKET)))
    try:
        deadline = time.monotonic() + 20
        while not _SOCKET.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(_SOCKET)
            time.sleep(0.05)
        services = LinuxGuestServices(_SOCKET)
        services.publish((), {})
        bare = _memory_mb(guestd.pid)
        places = [_Place(0x1000 + number, 1, 1) for number in range(NETWORKS)]
        took = _timed(lambda: _draw(network, places)) / NETWORKS
        told = tuple(GuestNetwork(network=place.network, subnets=(place.subnet,), nics=place.nics) for place in places)
        services.publish(told, {})
        time.sleep(1)
        note = f"guestd alone, which has {bare:.0f} MB without any; {took:.1f} ms to make one network"
        return {"services": Figure(values=(_memory_mb(guestd.pid),), note=note)}
    finally:
        guestd.kill()
        guestd.wait()


def _draw(network: LinuxNetwork, places: list[_Place]) -> None:
    for place in places:
        network.ensure_segment(place.segment())


def _memory_mb(pid: int) -> float:
    process = processes.identify(pid)
    return processes.memory_kib(process) * 1024 / 1e6 if process is not None else 0.0


if __name__ == "__main__":
    main()
