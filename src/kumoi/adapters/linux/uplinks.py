"""The machine's own network as `ip` tells it, and commands run on it: for root, in the machine's own namespace.

What does not belong here: which commands (`planning.uplinks`), and the cloud's networks.
"""

import subprocess
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.planning.uplinks import Command, Machine, MachineLink, MachineRoute

_IP: Final = "ip"
_KERNELS: Final = frozenset({"kernel", "ra", "redirect"})  # made by the kernel anew, wherever the address is
_ROUTE_WORDS: Final = {"gateway": "via", "prefsrc": "src", "metric": "metric", "protocol": "proto", "scope": "scope"}


def look() -> Machine:
    """Raises Unavailable."""
    links = tuple(_link(told) for told in _tell("-details", "address", "show"))
    routes = tuple(
        route for six in (False, True) for route in _routes(_tell("-6" if six else "-4", "route", "show"), six=six)
    )
    return Machine(links=links, routes=routes)


def run(commands: Iterable[Command]) -> None:
    """One after the other; raises Unavailable at the first that fails."""
    for command in commands:
        _run(command)


def run_all(commands: Iterable[Command]) -> None:
    """All of them, whatever becomes of each: what leads back may find some of it done."""
    for command in commands:
        subprocess.run(command, capture_output=True, check=False)


def start_timer(script: str) -> None:
    """Runs on by itself, in a session of its own."""
    quiet = subprocess.DEVNULL
    subprocess.Popen(
        ["/bin/sh", "-c", script], stdin=quiet, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True
    )


def _tell(*words: str) -> list[dict[str, Any]]:
    said = _run((_IP, "-json", *words))
    return [one for one in msgspec.json.decode(said or b"[]", type=list[dict[str, Any]]) if one]


def _run(command: Command) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError as e:
        raise Unavailable("host", what=command[0], reason="not_installed", package="iproute2") from e
    if done.returncode:
        detail = done.stderr.decode(errors="replace").strip()
        raise Unavailable("host", what=" ".join(command), reason="refused", detail=detail)
    return done.stdout


def _link(told: dict[str, Any]) -> MachineLink:
    info = told.get("linkinfo", {})
    found = (a for a in told.get("addr_info", ()) if a["family"] == "inet" or not _kernels_own(a))
    return MachineLink(
        name=told["ifname"],
        type=told.get("link_type", ""),
        kind=info.get("info_kind", ""),
        mac=told.get("address", ""),
        mtu=told.get("mtu", 0),
        up="UP" in told.get("flags", ()),
        master=told.get("master", ""),
        alias=told.get("ifalias", ""),
        addresses=tuple(f"{a['local']}/{a['prefixlen']}" for a in found),
        filters=bool(info.get("info_data", {}).get("vlan_filtering")),
    )


def _kernels_own(six: dict[str, Any]) -> bool:
    """An IPv6 address that the kernel makes anew where it is needed: link-local, or of a router's advertisement."""
    return six.get("scope") == "link" or bool(six.get("dynamic"))


def _routes(told: list[dict[str, Any]], *, six: bool) -> Iterator[MachineRoute]:
    for one in told:
        if one.get("protocol") in _KERNELS or "dev" not in one:
            continue
        words = [str(one["dst"])]
        for key, word in _ROUTE_WORDS.items():
            if key in one:
                words += [word, str(one[key])]
        yield MachineRoute(device=one["dev"], six=six, words=tuple(words))
