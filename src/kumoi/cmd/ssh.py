"""`kumoi ssh SERVER [CMD…]`: into a guest, whose network only the cloud can reach.

The client stays outside; the connection is made inside and handed over, so the session needs no
process of the cloud and outlives all of them but the guest.
"""

import os
import shlex
import sys
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from kumoi.adapters.linux import account, door, namespace
from kumoi.cmd.inside import told
from kumoi.core.errors import NotFound, Unavailable
from kumoi.core.ids import ec2_id
from kumoi.ops.client import Client
from kumoi.runtime import state_folder
from kumoi.runtime.state_folder import StateFolder

NO_NETNS: Final = "-"
SSH: Final = "/usr/bin/ssh"


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
        way = find_way(state, name)
        argv = arguments(state, way, user or "root", identity or state.root / "keys/demo_ed25519")
    sys.stdout.flush()
    os.execv(SSH, [*argv, *words])  # noqa: S606 - that is the command


def find_way(state: StateFolder, name: str) -> Way:
    """By the public address where there is one, else from the network's own namespace."""
    if name.replace(".", "").isdigit() or ":" in name:
        return Way(address=name)
    client = Client(state.clouds_yaml)
    servers = client.get("/compute/v2.1/servers/detail?all_tenants=1")["servers"]
    found = [s for s in servers if name in {s["id"], s["name"], ec2_id("i", s["id"])}]
    if not found:
        raise NotFound("compute", kind="instance", id=name)
    addresses = [a for several in found[0]["addresses"].values() for a in several]
    for address in addresses:
        if address.get("OS-EXT-IPS:type") == "floating":
            return Way(address=str(address["addr"]))
    return _from_within(state, client, found[0])


def _from_within(state: StateFolder, client: Client, server: dict[str, Any]) -> Way:
    ports = client.get(f"/network/v2.0/ports?device_id={server['id']}")["ports"]
    for port in ports:
        netns = f"qdhcp-{port['network_id']}"
        if (state.root / "run/netns" / netns).exists():
            return Way(address=port["fixed_ips"][0]["ip_address"], netns=netns)
    raise Unavailable("network", what="address", reason="none_reachable", id=str(server["id"]))


def arguments(state: StateFolder, way: Way, user: str, identity: Path) -> list[str]:
    """The command line of ssh; host keys of guests come and go, so none is kept."""
    members = list(namespace.inside(state))
    if not members:
        raise Unavailable("host", what="cloud", reason="not_running")
    proxy = (
        sys.executable, "-IS", door.__file__, str(min(p.pid for p in members)), way.netns, "%h",
        "%p",
    )  # fmt: skip
    options = {
        "ProxyCommand": " ".join(w if w in {"%h", "%p"} else shlex.quote(w) for w in proxy),
        "ProxyUseFdpass": "yes",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
        "IdentitiesOnly": "yes",
        "IdentityFile": str(identity),
    }
    words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    return [SSH, *words, f"{user}@{way.address}"]
