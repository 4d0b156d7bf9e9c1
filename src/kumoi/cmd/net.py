"""`kumoi net`: why a packet arrives or does not, what the filter says of a port, and a port's frames."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import msgspec

from kumoi.adapters.linux import capture, links, namespace
from kumoi.adapters.linux.nft import listing
from kumoi.cmd.demo import language
from kumoi.cmd.inside import ground, of_owner, told
from kumoi.cmd.why import look
from kumoi.core.errors import Invalid, NotFound
from kumoi.ops.client import Client
from kumoi.planning.explain.ports import PortRules, of_port
from kumoi.runtime.state_folder import StateFolder

_WIRES = ("tap", "qr-", "qg-")
_DIGITS = 11


@click.group()
def command() -> None:
    """Look into the network: explain a packet's way, show a port's rules, capture its frames."""


@command.command()
@click.argument("sender", metavar="FROM")
@click.argument("receiver", metavar="TO")
@click.argument("what", metavar="[PROTOCOL/PORT]", default="icmp", callback=lambda _c, _p, text: _what(text))
@click.option("-6", "six", is_flag=True, help="By IPv6.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def explain(root: Path, sender: str, receiver: str, what: tuple[str, int], six: bool, as_json: bool) -> None:
    """Follow a packet through what stands, to where it arrives or what stops it.

    FROM and TO are a server's or port's name or id, an address, or `outside`. PROTOCOL/PORT is tcp/443, udp/53, icmp…
    The exit code is 1 if the packet does not arrive.
    """
    protocol, port = what
    asked = {"from": sender, "to": receiver, "protocol": protocol, "port": port, "version": 6 if six else 4}
    with told():
        client = Client(of_owner(root).clouds_yaml, "kumoi-admin", language())
        walk = dict(client.get(f"/operator/v1/net/explain?{urlencode(asked)}")["walk"])
    if as_json:
        click.echo(msgspec.json.encode(walk))
    else:
        tell_walk(walk)
    sys.exit(0 if walk["arrives"] else 1)


@command.command()
@click.argument("port")
@click.pass_obj
def rules(root: Path, port: str) -> None:
    """Show what the loaded filter says of a port (or a server with one port), with what was dropped."""
    with told():
        state = of_owner(root)
        nic = _port(state, port)
        namespace.enter(ground(state))
    tell_rules(f"tap{nic[:_DIGITS]}", of_port(listing("ruleset"), f"tap{nic[:_DIGITS]}"))


@command.command("metering")
@click.argument("label")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def counted(root: Path, label: str, as_json: bool) -> None:
    """Show what routers have counted for a metering label, since they stand on their hosts."""
    with told():
        client = Client(of_owner(root).clouds_yaml, "kumoi-admin", language())
        routers = client.get(f"/operator/v1/net/metering/{_label(client, label)}")["routers"]
    if as_json:
        click.echo(msgspec.json.encode(routers))
        return
    for one in routers:
        known = one["counted"]
        said = f"{known['packets']:>14} packets {known['bytes']:>18} B" if known else "not known"
        click.echo(f"{one['id']}  {one['name']:20} {said}")


@command.command("capture")
@click.argument("port")
@click.option("-c", "--count", default=0, help="End after so many frames.")
@click.pass_obj
def capture_frames(root: Path, port: str, count: int) -> None:
    """Write a port's frames to standard output, as pcap: `kumoi net capture PORT | tcpdump -nr -`.

    PORT is a port's id, a server with one port, or a router's port.
    """
    if sys.stdout.isatty():
        raise click.UsageError("pcap is no text: send it into a file or a program, such as `| tcpdump -nr -`")
    with told():
        state = of_owner(root)
        nic = _port(state, port)
        namespace.enter(ground(state))
        heard = capture.open_device(_device(nic))
    try:
        for part in capture.stream(heard, count):
            sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)


def _label(client: Client, called: str) -> str:
    """The label's id. Raises NotFound."""
    found = look(client, called)
    if found["kind"] != "metering_label":
        raise NotFound("network", kind="metering_label", id=called)
    return str(found["id"])


def _what(text: str) -> tuple[str, int]:
    """A protocol and a port, 0 where there is none."""
    protocol, slash, port = text.partition("/")
    if slash and not (port.isascii() and port.isdigit()):
        raise click.BadParameter("write tcp/443, udp/53 or icmp")
    return protocol, int(port or 0)


def _port(state: StateFolder, called: str) -> str:
    """The port's id. Raises NotFound, Invalid (several)."""
    found = look(Client(state.clouds_yaml, "kumoi-admin", language()), called)
    if found["kind"] == "nic":
        return str(found["id"])
    nics = [other["id"] for other in found["related"] if other["kind"] == "nic"]
    if len(nics) != 1:
        raise Invalid("api", field="id", reason="several_things", value=called, names=[f"port {n}" for n in nics])
    return str(nics[0])


def _device(nic: str) -> str:
    """What the port is called by the kernel, here inside."""
    with links.at() as home:
        for name in (f"{prefix}{nic[:_DIGITS]}" for prefix in _WIRES):
            if home.get(name) is not None:
                return name
    raise NotFound("network", kind="device", id=f"tap{nic[:_DIGITS]}")


def tell_walk(walk: dict[str, Any]) -> None:
    """A line a step, the answer last."""
    for number, hop in enumerate(walk["hops"], 1):
        click.echo(f"{number:>3}  {hop['where']:44} {hop['says']}")
    stop = walk["stop"]
    if stop is None:
        click.echo(click.style("     it arrives", fg="green"))
        return
    click.echo(f"{click.style('     ' + stop['says'], fg='red')}  [{stop['code']}]")


def tell_rules(tap: str, found: PortRules) -> None:
    click.echo(f"{tap}  {found.state}" + (f"  mark {found.mark}" if found.mark else ""))
    for mac, address in found.senders:
        click.echo(f"  sends from  {mac}  {address}")
    for way, chains in found.ways.items():
        click.echo(f"  {way}")
        for name, texts in chains:
            click.echo(f"    {name}")
            for text in texts:
                click.echo(f"      {text}")
