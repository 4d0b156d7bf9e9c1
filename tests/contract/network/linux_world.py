"""The inside of the Linux rig: a process in namespaces of its own, where the real driver works on a real kernel.

Machines are namespaces with one wire to a bridge. Requests come as pickles on standard input (`linux_rig`).
"""

import os
import pickle
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.contract.network import asking, calling, lan, machine, serving
from tests.contract.network.outside import Outside

from kumoi.adapters.linux import addresses, capture, devices, links, rooms, vlan_programs
from kumoi.adapters.linux.network import LinuxNetwork
from kumoi.contracts.network import Segment
from kumoi.core.errors import KumoiError
from kumoi.core.plan import NetworkEntry, NicEntry, VpcEntry
from kumoi.runtime import processes

_DHCP_SCRIPT = """#!/bin/busybox sh
[ "$1" = bound ] || exit 0; ip addr add "$ip/$mask" dev "$interface"
set -- $staticroutes
while [ $# -gt 1 ]; do ip route add "$1" via "$2"; shift 2; done
told="ip mask router dns mtu staticroutes hostname domain lease serverid tftp siaddr ntpsrv"
for name in $told; do eval echo "got $name=\\$$name"; done
"""
RESOLVER_SOCKET = Path("/run/resolver.sock")


class World:
    def __init__(self) -> None:
        given = [vlan_programs.in_words(sys.argv[i:]) for i, w in enumerate(sys.argv) if w == vlan_programs.OPTION]
        self._programs, self._lans, self._guests = given or (None, None, None)
        self.network = LinuxNetwork(self._programs)
        self.services = serving.services()
        self._connections: dict[int, socket.socket] = {}
        self._guestd: subprocess.Popen[bytes] | None = None
        self._pool = ThreadPoolExecutor(max_workers=2)
        self._outside: Outside | None = None
        self._pinging = False
        self._pinger: Future[tuple[int, int]] = Future()

    def restart_driver(self) -> None:
        self.network.close()
        self.services.close()
        self.network = LinuxNetwork(self._programs)
        self.services = serving.services()

    def start_services(self) -> None:
        command = "-P", "-m", "kumoi.cmd.guestd", "--socket", str(serving.GUESTD), "--resolver", str(RESOLVER_SOCKET)
        self._guestd = subprocess.Popen([sys.executable, *command])
        self._await(lambda: serving.listens(serving.GUESTD))

    @staticmethod
    def _await(happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def kill_services(self) -> None:
        assert self._guestd is not None
        self._guestd.kill()
        self._guestd.wait()

    def services_alive(self) -> bool:
        return self._guestd is not None and self._guestd.poll() is None

    def plug(self, nic: NicEntry, network: NetworkEntry, gateway: str | None = None, *, by_hand: bool = True) -> None:
        own = [f"{ip.address}/{64 if ':' in ip.address else 24}" for ip in nic.fixed_ips]
        self._machine(nic.id, devices.tap(nic.id), network, own if by_hand else [], gateway=gateway, mac=nic.mac)

    def unplug(self, nic: str) -> None:
        with links.at() as home:
            home.remove(devices.tap(nic))
        rooms.remove(nic)

    def stranger(
        self, name: str, network: NetworkEntry, address: str, gateway: str | None = None, gateway6: str | None = None
    ) -> None:
        self._machine(name, f"out-{name}", network, [address], gateway=gateway)
        if gateway6 is not None:
            with links.at(name) as inside:
                inside.ensure_routes({"::/0": gateway6})

    def physical(self, name: str) -> None:
        lan.join(name)

    def unplug_physical(self, name: str) -> None:
        with links.at() as home:
            home.remove(devices.physical(name))

    def make_machine(self) -> None:
        machine.make()

    def on_machine(self, what: str, *words: Any, **named: Any) -> Any:
        return rooms.visit(machine.ROOM, lambda: getattr(machine, what)(*words, **named))

    def on_lan(self, name: str, physical: str, vlan: int, address: str, gateway: str | None = None) -> None:
        rooms.ensure(name)
        lan.machine(self._lans, name, physical, vlan, address)
        if gateway is not None:
            with links.at(name) as inside:
                inside.ensure_routes({"0.0.0.0/0": gateway})

    def vlans_heard(self, physical: str, act: str, *words: Any) -> tuple[Any, set[int]]:
        return lan.heard(physical, lambda: getattr(self, act)(*words))

    def tag_in_guest(self, guest: str, vlan: int, mac: str, address: str) -> None:
        lan.tagged(self._guests, guest, "eth0", vlan, guest, f"sub{vlan}", [address], mac)

    def _machine(
        self, name: str, device: str, network: NetworkEntry, own: list[str], *, gateway: str | None, mac: str = ""
    ) -> None:
        rooms.ensure(name)
        with links.at() as home, links.at(name) as inside:
            rooms.visit(name, lambda: links.sysctl({"ipv6/conf/default/accept_dad": 0}))
            wire = home.add_wire(device, "eth0", name, network.mtu)
            eth0 = inside.get("eth0")
            bridge = home.get(self.network.bridge(network))
            assert eth0 is not None
            for lo in (d for d in inside.all() if d.name == "lo"):
                inside.mend(lo, state="up")
            inside.mend(eth0, state="up", **({"address": mac} if mac else {}))
            inside.ensure_addresses(eth0, own)
            home.mend(wire, state="up", **({"master": bridge.index} if bridge is not None else {}))
            # The kernel opens a bridge's port, and lets a device send, a moment after the wire is up: later when busy.
            self._await(lambda: self.shell("ip", "-br", "link", "show", device).split()[1] == "UP")
            self._await(lambda: self.run(name, "ip", "-br", "link", "show", "eth0")[1].split()[1] == "UP")
            if gateway is not None:
                inside.ensure_routes({"0.0.0.0/0": gateway})

    def add_address(self, guest: str, address: str) -> None:
        with links.at(guest) as inside:
            eth0 = inside.get("eth0")
            assert eth0 is not None
            inside.ensure_addresses(eth0, [*inside.addresses(eth0), address])

    def serve(self, guest: str, port: int) -> None:
        listener = rooms.visit(
            guest,
            lambda: socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True),
        )
        threading.Thread(target=calling.serve, args=(listener,), daemon=True).start()

    def call(self, guest: str, address: str, port: int, source: str = "") -> str | None:
        return rooms.visit(guest, lambda: calling.called(address, port, source))

    def ask_address(self, guest: str) -> dict[str, str]:
        script = Path("/run/udhcpc.sh")
        script.write_text(_DHCP_SCRIPT)
        script.chmod(0o755)
        command = ["busybox", "udhcpc", "-i", "eth0", "-fnq", "-t3", "-T2", "-s", str(script), "-O", "mtu"]
        for option in ("staticroutes", "hostname", "domain", "tftp", "ntpsrv"):
            command += ["-O", option]
        _, said = self.run(guest, *command)
        found = (line.partition("=") for line in said.splitlines() if line.startswith("got "))
        return {name.removeprefix("got "): value for name, _, value in found}

    def ask_address6(self, guest: str, *, information: bool = False) -> dict[str, list[str]]:
        with links.at(guest) as inside:
            eth0 = inside.get("eth0")
            assert eth0 is not None
            own = str(addresses.link_local(eth0.mac))
            wanted = struct.pack("!HHHH", 6, 4, 23, 24)
            association = struct.pack("!HHIII", 3, 12, 7, 0, 0)
            if information:
                found = rooms.visit(guest, lambda: asking.ask_address6(own, 11, wanted))
                ip = []
            else:
                offer = rooms.visit(guest, lambda: asking.ask_address6(own, 1, association + wanted))
                server = struct.pack("!HH", 2, len(offer.get(2, b""))) + offer.get(2, b"")
                found = offer and rooms.visit(guest, lambda: asking.ask_address6(own, 3, server + association + wanted))
                ip = asking.addresses_in(asking.options6(found[3][12:]).get(5, b"")[:16]) if found else []
                inside.ensure_addresses(eth0, [*inside.addresses(eth0), *(f"{a}/128" for a in ip)])
        return {"ip": ip, "dns": asking.addresses_in(found[23])} if found else {}

    def addresses6(self, guest: str) -> set[str]:
        with links.at(guest) as inside:
            eth0 = inside.get("eth0")
            assert eth0 is not None
            return {text.partition("/")[0] for text in inside.addresses(eth0) if ":" in text}

    def ways_out6(self, guest: str) -> set[str]:
        _, said = self.run(guest, "ip", "-6", "route", "show", "default")
        return {words[words.index("via") + 1] for line in said.splitlines() if "via" in (words := line.split())}

    def name_outside(self, name: str, address: str) -> None:
        if self._outside is None:
            self._outside = Outside(RESOLVER_SOCKET)
        self._outside.names[name] = address

    def ask_name(self, guest: str, server: str, name: str, kind: str = "A") -> tuple[str, list[str]]:
        return rooms.visit(guest, lambda: asking.ask_name(server, name, kind))

    def fetch(self, guest: str, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return rooms.visit(guest, lambda: asking.fetch(method, path, named))

    def fetch6(self, guest: str, path: str) -> tuple[int, str]:
        return rooms.visit(guest, lambda: asking.fetch("GET", path, {}, "fe80::a9fe:a9fe%eth0"))

    def fetch_tftp(self, guest: str, server: str, address: str) -> bool:
        asked, other, own = (rooms.visit(room, calling.datagrams) for room in (server, server, guest))
        with asked, other, own:
            return calling.fetched_tftp(asked, other, own, address)

    def ping(self, guest: str, address: str, source: str = "") -> bool:
        # A busy machine may answer the first one late: silence is silence only when it lasts.
        return any(rooms.visit(guest, lambda: calling.ping(address, source)) for _ in range(3))

    def open(self, guest: str, address: str, port: int) -> int:
        connection = rooms.visit(guest, lambda: calling.connect(address, port, ""))
        connection.makefile().readline()
        self._connections[connection.fileno()] = connection
        return connection.fileno()

    def alive(self, connection: int) -> bool:
        s = self._connections[connection]
        try:
            s.sendall(b"word\n")
            heard = b""
            # Answers to words that were given up before may come first.
            while not heard.endswith(b"word\n"):
                part = s.recv(100)
                if not part:
                    return False
                heard += part
            return True
        except OSError:
            return False

    def run(self, guest: str, *command: str, timeout_s: float = 30.0) -> tuple[int, str]:
        def there() -> tuple[int, str]:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
            return done.returncode, done.stdout + done.stderr

        return rooms.visit(guest, there)

    def shell(self, *command: str) -> str:
        """A command in the host's own namespace."""
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def run_on_host(self, *command: str) -> int:
        """The same where failing is no failure: its exit code."""
        return subprocess.run(command, capture_output=True, check=False).returncode

    def kill_nft(self) -> None:
        """kill -9 of the helper that the driver keeps open."""
        for pid in processes.every():
            if Path(f"/proc/{pid}/cmdline").read_bytes() == b"nft\0-i\0":
                os.kill(pid, signal.SIGKILL)

    def interrupted(self, seed: int, segment: Segment, vpc: VpcEntry, away: bool) -> None:
        """An agent draws, or takes away, and is killed at any moment."""
        child = os.fork()
        if child == 0:
            driver = LinuxNetwork(self._programs)
            if away:
                driver.remove_vpc(vpc.id)
                driver.remove_segment(segment.network.id)
            else:
                driver.ensure_segment(segment)
                driver.ensure_vpc(vpc)
            os._exit(0)
        time.sleep(random.Random(seed).uniform(0, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.restart_driver()

    def send_frames(self, guest: str, frames: list[bytes]) -> None:
        def there() -> None:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
                s.bind(("eth0", 0))
                for frame in frames:
                    s.send(frame)

        rooms.visit(guest, there)

    def listen_frames(self, guest: str) -> int:
        """Hear every frame that reaches a machine from now on; `heard` tells them."""

        def there() -> socket.socket:
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.bind(("eth0", 0))
            return s

        s = rooms.visit(guest, there)
        self._connections[s.fileno()] = s
        return s.fileno()

    def ping_captured(self, device: str, guest: str, address: str) -> bytes:
        with capture.open_device(device) as heard:
            return b"".join(capture.stream(heard, 2)) if self.ping(guest, address) else b""

    def call_from_host(self, address: str, port: int) -> str | None:
        """As `kumoi ssh` does: from the cloud's own namespace."""
        return rooms.in_thread(lambda: calling.called(address, port, ""))

    def let_through(self, guest: str, address: str, port: int, patience_s: float) -> bool:
        return rooms.visit(guest, lambda: calling.let_through(address, port, patience_s))

    def hold(self, guest: str, count: int, port: int) -> tuple[int, int]:
        """Connections to the metadata address that say nothing: how many were kept, how many hung up on."""
        held = [rooms.visit(guest, lambda: calling.connect("169.254.169.254", port, "")) for _ in range(count)]
        kept = 0
        for s in held:
            s.settimeout(0.2)
            try:
                s.recv(1)
            except TimeoutError:
                kept += 1
        self._connections.update({s.fileno(): s for s in held})
        return kept, count - kept

    def shout(self, guest: str, address: str, port: int, packets: list[bytes], *, stream: bool = False) -> None:
        """Send anything, hear nothing."""
        rooms.visit(guest, lambda: calling.shout(address, port, packets, stream=stream))

    def shout_icmp6(self, guest: str, address: str, packets: list[bytes]) -> None:
        rooms.visit(guest, lambda: calling.shout_icmp6(address, packets))

    def start_pinging(self, guest: str, address: str) -> None:
        """Without a pause until `stop_pinging`, which tells how many were sent and how many lost."""
        self._pinging = True

        def there() -> tuple[int, int]:
            sent = lost = 0
            while self._pinging:
                sent += 1
                lost += not calling.ping(address, "", 20.0)  # late is not lost
                time.sleep(0.002)
            return sent, lost

        self._pinger = self._pool.submit(rooms.visit, guest, there)

    def stop_pinging(self) -> tuple[int, int]:
        self._pinging = False
        found: tuple[int, int] = self._pinger.result()
        return found

    def heard(self, ear: int, last: bytes) -> list[bytes]:
        """The frames heard until one that contains `last`."""
        s = self._connections[ear]
        s.settimeout(60)
        frames: list[bytes] = []
        while not frames or last not in frames[-1]:
            frame, (_, _, kind, *_) = s.recvfrom(65536)
            if kind != socket.PACKET_OUTGOING:
                frames.append(frame)
        return frames


def main() -> None:
    """Answer requests (target, arguments) with ("ok", result), ("refused", class, layer, facts) or ("broken", text)."""
    world = World()
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            target, arguments, named = pickle.load(requests)
        except EOFError:
            return
        pickle.dump(_perform(world, target, arguments, named), answers)
        answers.flush()


def _perform(world: World, target: str, arguments: Any, named: Any) -> tuple[Any, ...]:
    found: Any = world
    for word in target.split("."):
        found = getattr(found, word)
    try:
        return "ok", found(*arguments, **named)
    except KumoiError as e:
        return "refused", type(e), e.layer, e.facts
    except Exception as e:  # noqa: BLE001 - it is told to the test
        import traceback

        return "broken", f"{e!r}\n{traceback.format_exc()}"


if __name__ == "__main__":
    main()
