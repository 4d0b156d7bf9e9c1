"""Guest services with dnsmasq for DHCPv4: a process for each network, in the network's namespace; the rest is guestd's.

It is started anew for every change: 2.90 ends at SIGHUP where hosts have tags, and a start takes some milliseconds.
What does not belong here: what it is told (`dnsmasq_words`).
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kumoi.adapters.linux import devices, dnsmasq_words, rooms, segments
from kumoi.adapters.linux.guests import LinuxGuestServices
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.errors import Unavailable
from kumoi.core.guest_data import GuestData
from kumoi.core.ids import InstanceId, NetworkId
from kumoi.core.plan import VpcEntry
from kumoi.runtime import processes

_PROGRAM: Final = "dnsmasq"
# It hears guests, who are hostile: as the root of inside, but with no more rights than DHCP needs.
_BOUND: Final = (
    "setpriv", "--no-new-privs", "--bounding-set", "-all,+net_admin,+net_raw,+net_bind_service", "--inh-caps", "-all",
)  # fmt: skip
_PATIENCE_S: Final = 5.0


class DnsmasqGuestServices:
    """`contracts.guests.GuestServices`. `folder`: for its files, in a place of this cloud alone."""

    def __init__(self, path: Path, folder: Path, http_proxy: str = "") -> None:
        self._others = LinuxGuestServices(path, http_proxy, without=frozenset({"dhcp"}))
        self._folder = folder

    def publish(
        self,
        networks: tuple[GuestNetwork, ...],
        guests: dict[InstanceId, GuestData],
        routers: tuple[VpcEntry, ...] = (),
    ) -> None:
        """Raises Unavailable."""
        self._others.publish(networks, guests, routers)
        self._folder.mkdir(parents=True, exist_ok=True)
        wanted = {known.network.id: known for known in networks if _is_wanted(known)}
        for network in set(self._standing()) - wanted.keys():
            self._end(network)
        for network, known in wanted.items():
            self._ensure(network, known)

    def close(self) -> None:
        """What runs goes on."""
        self._others.close()

    def _standing(self) -> Iterator[NetworkId]:
        return (NetworkId(path.stem) for path in self._folder.glob("*.conf"))

    def _ensure(self, network: NetworkId, known: GuestNetwork) -> None:
        room, file = devices.dhcp_namespace(network), self._file(network)
        text = dnsmasq_words.told(known, f"{room} {rooms.inode(room)}", str(file.with_suffix(".pid")))
        if self._pid(network) and file.read_text() == text:
            return
        self._end(network)
        file.write_text(text)
        # It becomes a daemon once its sockets are open: its first process' end says that it answers.
        command = (*_BOUND, _PROGRAM, f"--conf-file={file}")
        try:
            done = rooms.visit(room, lambda: _run(command))
        except FileNotFoundError as e:
            raise Unavailable("network", what=_PROGRAM, reason="not_installed", package="dnsmasq-base") from e
        except subprocess.TimeoutExpired as e:
            raise Unavailable("network", what=_PROGRAM, network=network, said=f"nothing in {_PATIENCE_S} s") from e
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise Unavailable("network", what=_PROGRAM, network=network, said=said)

    def _end(self, network: NetworkId) -> None:
        """And wait for it: the next one has the same port."""
        pid = self._pid(network)
        if pid:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + _PATIENCE_S
            while self._pid(network) and time.monotonic() < deadline:
                time.sleep(0.002)
        for suffix in (".conf", ".pid"):
            self._file(network).with_suffix(suffix).unlink(missing_ok=True)

    def _pid(self, network: NetworkId) -> int:
        """Of the one that lives, 0: none. A number alone may be another's by now."""
        file = self._file(network)
        try:
            pid = int(file.with_suffix(".pid").read_text())
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return 0
        return pid if str(file).encode() in line and processes.identify(pid) is not None else 0

    def _file(self, network: NetworkId) -> Path:
        return self._folder / f"{network}.conf"


def _is_wanted(known: GuestNetwork) -> bool:
    room = devices.dhcp_namespace(known.network.id)
    return known.asked and bool(segments.served(known.subnets, 4)) and rooms.exists(room)


def _run(command: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=False)
