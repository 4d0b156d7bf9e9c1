"""The machine's own network, played by a namespace: a NIC `nic0` with its address and routes, and a LAN behind it."""

import os
import subprocess

from kumoi.adapters.linux import links, rooms, uplinks
from kumoi.planning import uplinks as planning

ROOM, DESK = "machine", "desk"
OWN, ROUTER, AT_DESK = "203.0.113.2", "203.0.113.1", "203.0.113.50"


def make() -> None:
    """The namespace `desk` is a machine of the LAN, and its router."""
    for room in (ROOM, DESK):
        rooms.ensure(room)
    with links.at(ROOM) as here, links.at(DESK) as there:
        here.mend(here.add_wire("nic0", "eth0", DESK, 1500), state="up")
        eth0, nic0 = there.get("eth0"), here.get("nic0")
        assert eth0 is not None
        assert nic0 is not None
        there.mend(eth0, state="up")
        there.ensure_addresses(eth0, [f"{AT_DESK}/24", f"{ROUTER}/24", "10.9.0.1/32", "2001:db8::1/64"])
        here.ensure_addresses(nic0, [f"{OWN}/24", "203.0.113.3/24", "2001:db8::2/64"])
        here.ensure_routes({"0.0.0.0/0": ROUTER, "10.9.0.0/16": AT_DESK, "::/0": "2001:db8::1"})


def bridge_it() -> None:
    """The machine's owner has a bridge already."""
    with links.at() as here:
        nic0, bridge = here.get("nic0"), here.add_bridge("br0", 1500)
        assert nic0 is not None
        here.ensure_addresses(nic0, [])
        here.mend(nic0, master=bridge.index)
        here.mend(bridge, state="up")
        here.ensure_addresses(bridge, [f"{OWN}/24"])


def look() -> tuple[set[planning.MachineLink], set[planning.MachineRoute]]:
    machine = uplinks.look()
    return set(machine.links), set(machine.routes)


def standing() -> tuple[planning.Uplink, ...]:
    return planning.standing(uplinks.look())


def plan(device: str, name: str) -> planning.Change:
    return planning.add(uplinks.look(), device, name, (), os.getpid())


def add(device: str, name: str, *, confirmed: bool = True) -> planning.Change:
    change = plan(device, name)
    uplinks.run(change.do)
    if confirmed:
        uplinks.run(planning.confirm(uplinks.look(), name))
    return change


def begin(change: planning.Change, steps: int) -> None:
    uplinks.run(change.do[:steps])


def undo(change: planning.Change) -> None:
    uplinks.run_all(change.undo)


def run_timer(name: str, change: planning.Change) -> None:
    """To its end, as if the time were over."""
    subprocess.run(["/bin/sh", "-c", planning.timer(name, change, 0)], check=False)


def start_timer(name: str, change: planning.Change) -> None:
    uplinks.start_timer(planning.timer(name, change, 1))


def remove(name: str) -> None:
    uplinks.run_all(planning.remove(uplinks.look(), name))
