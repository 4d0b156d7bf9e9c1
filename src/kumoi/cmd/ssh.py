"""`kumoi ssh SERVER [CMD…]`: into a guest, whose network only the cloud can reach.

The client stays outside; the connection is made inside and handed over, so the session needs no
process of the cloud and outlives all of them but the guest.
"""

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from kumoi.adapters.linux import account, door, namespace
from kumoi.cmd.inside import told
from kumoi.core.errors import Unavailable
from kumoi.ops.client import Client
from kumoi.ops.servers import find_server
from kumoi.runtime import settings, state_folder
from kumoi.runtime.state_folder import StateFolder

NO_NETNS: Final = "-"
SSH: Final = "/usr/bin/ssh"
BOOT_S: Final = 30.0
_PAUSE_S: Final = 0.5


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a guest, and the namespace inside from which it is reached."""

    address: str
    netns: str = NO_NETNS


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("server")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[CMD]...")
@click.option("-i", "--identity", type=click.Path(path_type=Path), help="Private key.")
@click.pass_obj
def command(root: Path, server: str, words: tuple[str, ...], identity: Path | None) -> None:
    """Log in to SERVER ([USER@]NAME, ID, EC2 id or address), or run CMD there."""
    user, _, name = server.rpartition("@")
    with told():
        # Not as the cloud's user: the key that somebody names is the caller's own.
        account.owner(root)
        state = state_folder.existing(root)
        _not_simulated(state)
        way = find_way(state, name)
        wait_for_ssh(state, way)
        argv = arguments(state, way, user or "root", identity or state.root / "keys/demo_ed25519")
    sys.stdout.flush()
    os.execv(SSH, [*argv, *words])  # noqa: S606 - that is the command


def find_way(state: StateFolder, name: str) -> Way:
    """By the public address where there is one, else from the network's own namespace."""
    if name.replace(".", "").isdigit() or ":" in name:
        return Way(address=name)
    client = Client(state.clouds_yaml)
    found = find_server(client, name)
    addresses = [a for several in found["addresses"].values() for a in several]
    for address in addresses:
        if address.get("OS-EXT-IPS:type") == "floating":
            return Way(address=str(address["addr"]))
    return _from_within(state, client, found)


def _from_within(state: StateFolder, client: Client, server: dict[str, Any]) -> Way:
    ports = client.get(f"/network/v2.0/ports?device_id={server['id']}")["ports"]
    for port in ports:
        netns = f"qdhcp-{port['network_id']}"
        if (state.root / "run/netns" / netns).exists():
            return Way(address=port["fixed_ips"][0]["ip_address"], netns=netns)
    raise Unavailable("network", what="address", reason="none_reachable", id=str(server["id"]))


def _not_simulated(state: StateFolder) -> None:
    if settings.load(state.root).cloud.simulate:
        raise Unavailable("compute", what="ssh", reason="simulated")


def wait_for_ssh(state: StateFolder, way: Way, within_s: float = BOOT_S) -> None:
    """Until somebody speaks ssh there: a guest that boots does not yet. Raises Unavailable with the last refusal."""
    deadline = time.monotonic() + within_s
    said = False
    while (refusal := knock(proxy(state, way, way.address, "22"), deadline)) is not None:
        if time.monotonic() + _PAUSE_S > deadline:
            raise Unavailable("network", what=way.address, reason="boots_or_closed", detail=refusal)
        if not said and sys.stderr.isatty():
            click.echo(f"kumoi: waiting for {way.address}, up to {within_s:.0f} s ({refusal})", err=True)
        said = True
        time.sleep(_PAUSE_S)


def knock(argv: Sequence[str], deadline: float) -> str | None:
    """Why there is no ssh at the far end of this proxy; None where there is."""
    left_s = max(1.0, deadline - time.monotonic())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=theirs.fileno(), stderr=subprocess.PIPE, text=True,
                timeout=left_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "no answer"
        if done.returncode != 0:
            return done.stderr.strip().rpartition(": ")[2] or "no answer"
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
    with socket.socket(fileno=fds[0]) as connection:
        connection.settimeout(left_s)
        try:
            return None if connection.recv(4) == b"SSH-" else "no ssh"
        except OSError as e:
            return e.strerror or "no answer"


def proxy(state: StateFolder, way: Way, address: str, port: str) -> tuple[str, ...]:
    """What connects inside and hands the socket over. Raises Unavailable where the cloud is not up."""
    members = list(namespace.inside(state))
    if not members:
        raise Unavailable("host", what="cloud", reason="not_running")
    inside = str(min(p.pid for p in members))
    return sys.executable, "-IS", door.__file__, inside, way.netns, address, port


def arguments(state: StateFolder, way: Way, user: str, identity: Path) -> list[str]:
    """The command line of ssh; host keys of guests come and go, so none is kept."""
    words = proxy(state, way, "%h", "%p")
    options = {
        "ProxyCommand": " ".join(w if w in {"%h", "%p"} else shlex.quote(w) for w in words),
        "ProxyUseFdpass": "yes",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
        "IdentitiesOnly": "yes",
        "IdentityFile": str(identity),
    }
    chosen = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    return [SSH, *chosen, f"{user}@{way.address}"]
