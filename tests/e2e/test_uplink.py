"""`kumoi up --uplink` on a machine that a namespace plays: what is inside reaches what the machine reaches, and is not
reached from there."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.ground import Ground, until

pytestmark = [pytest.mark.privileged, pytest.mark.timeout(600)]

FAR = "198.51.100.9"
ANSWERS = """
import http.server, sys
class Here(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(self.client_address[0].encode())
    def log_message(self, *words): pass
http.server.HTTPServer(("0.0.0.0", 80), Here).serve_forever()
"""
ASKS = "import urllib.request as r; print(r.urlopen('http://{}', timeout=5).read().decode())"


class Machine:
    """A namespace with one wire to a network behind which a server is; /dev/net/tun is open, as udev leaves it."""

    def __init__(self, folder: Path) -> None:
        node = folder / "tun"
        os.mknod(node, stat.S_IFCHR | 0o666, os.stat("/dev/net/tun").st_rdev)
        node.chmod(0o666)
        self._children: list[subprocess.Popen[bytes]] = []
        self.far = self._sleeper("unshare", "-n")
        self.near = self._sleeper("unshare", "-n", "-m", "--propagation", "private")
        self.does(f"mount --bind {node} /dev/net/tun; ip link set lo up")
        self.does(f"ip link add eth0 type veth peer name eth0 netns {self.far}")
        self.does("ip addr add 192.0.2.2/24 dev eth0; ip link set eth0 up; ip route add default via 192.0.2.1")
        addresses = f"ip addr add 192.0.2.1/24 dev eth0; ip addr add {FAR} dev lo"
        self._in(self.far, "sh", "-c", f"{addresses}; ip link set lo up; ip link set eth0 up")
        for where in (self.far, self.near):
            self._children.append(subprocess.Popen([*_into(where), "/usr/bin/python3", "-c", ANSWERS]))

    def does(self, script: str) -> None:
        self._in(self.near, "sh", "-c", script)

    def close(self) -> None:
        for child in self._children:
            child.kill()
            child.wait()

    def _sleeper(self, *words: str) -> int:
        """The pid of a process in namespaces of its own."""
        child = subprocess.Popen([*words, "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
        self._children.append(child)
        assert child.stdout is not None
        with child.stdout as said:
            said.readline()
        return child.pid

    def _in(self, where: int, *words: str) -> None:
        subprocess.run([*_into(where), *words], check=True)


def _into(where: int) -> tuple[str, ...]:
    return "nsenter", f"--net=/proc/{where}/ns/net", f"--mount=/proc/{where}/ns/mnt"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    one = Machine(tmp_path)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def cloud(machine: Machine) -> Iterator[Ground]:
    one = Ground(real=True)
    one.prefix = _into(machine.near)
    try:
        one.run("up", "--uplink")
        yield one
    finally:
        one.remove()


def asks(cloud: Ground, address: str) -> str:
    """What is answered to the founding router, which stands for a guest behind it; empty while nothing is."""
    room = next(iter(sorted((cloud.state / "run/netns").glob("qrouter-*"))), None)
    if room is None:
        return ""
    question = ASKS.format(address)
    code, text = cloud.try_("exec", "local", "--", "ip", "netns", "exec", room.name, "/usr/bin/python3", "-c", question)
    return text.strip() if code == 0 else ""


def test_what_is_inside_reaches_what_the_machine_reaches(cloud: Ground, machine: Machine) -> None:
    until(lambda: asks(cloud, FAR) == "192.0.2.2")
    assert asks(cloud, "192.0.2.2") == "", "but not the machine itself"
    assert asks(cloud, "127.0.0.1") == ""
    before = cloud.pid("passt")
    os.kill(before, 9)
    until(lambda: cloud.pid("passt") not in {0, before})
    until(lambda: asks(cloud, FAR) == "192.0.2.2")
