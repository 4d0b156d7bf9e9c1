"""`kumoi uplink`: join a network of this machine to the cloud, on purpose; look at what is joined, and part it."""

import os
import time
from pathlib import Path

import click

from kumoi.adapters.linux import account, namespace, uplinks
from kumoi.cmd.inside import told
from kumoi.core.errors import Forbidden, Unavailable
from kumoi.planning import uplinks as planning
from kumoi.planning.uplinks import Command
from kumoi.runtime import state_folder

ROLL_BACK_S = 60


@click.group()
def command() -> None:
    """Join a network of this machine to the cloud: its guests and floating IPs are on it then."""


@command.command()
@click.argument("device", metavar="NIC|BRIDGE")
@click.option("--as", "name", default="physnet1", show_default=True, help="The physical network's name in the cloud.")
@click.option("--vlans", "vlans", default="", help="For a bridge that filters them: 100,200-209.")
@click.option("--dry-run", is_flag=True, help="Print every command, change nothing.")
@click.option("--within", default=ROLL_BACK_S, show_default=True, help="Seconds in which to confirm; 0: it is.")
@click.pass_obj
def add(root: Path, device: str, name: str, vlans: str, dry_run: bool, within: int) -> None:
    """Join NIC or BRIDGE to the cloud; undone by itself unless confirmed in time.

    A NIC's addresses and routes move onto a bridge that is made for it. Nothing of it is kept over a reboot.
    """
    with told():
        cloud = _cloud(root)
        change = planning.add(uplinks.look(), device, name, planning.vlans_in(vlans), cloud)
        script = planning.timer(name, change, within)
        if dry_run:
            _tell_plan(change.do, change.undo, within)
            return
        _root()
        if within:
            uplinks.start_timer(script)
        try:
            uplinks.run(change.do)
        except Unavailable:
            uplinks.run_all(change.undo)
            raise
        if not within:
            uplinks.run(planning.confirm(uplinks.look(), name))
            click.echo(f"kumoi: {device} is {name} in the cloud")
            return
    until = time.strftime("%H:%M:%S", time.localtime(time.time() + within))
    click.echo(f"kumoi: {device} is {name} in the cloud until {until}; to keep it: kumoi uplink confirm {name}")


@command.command()
@click.argument("name", default="physnet1")
def confirm(name: str) -> None:
    """Keep an uplink: it is not undone any more."""
    with told():
        _root()
        uplinks.run(planning.confirm(uplinks.look(), name))
    click.echo(f"kumoi: {name} stays")


@command.command()
@click.argument("name", default="physnet1")
@click.option("--dry-run", is_flag=True, help="Print every command, change nothing.")
def remove(name: str, dry_run: bool) -> None:
    """Part the cloud from a network of this machine, which gets its addresses and routes back."""
    with told():
        commands = planning.remove(uplinks.look(), name)
        if dry_run:
            _tell_commands(commands)
            return
        _root()
        uplinks.run_all(commands)
    click.echo(f"kumoi: {name} is parted from the cloud")


@command.command("list")
def list_() -> None:
    """Show what of this machine is joined to a cloud."""
    with told():
        for one in planning.standing(uplinks.look()):
            state = "confirmed" if one.confirmed else "not confirmed" if one.bridge else "no cloud behind it"
            click.echo(f"{one.name:12}  {one.nic or one.bridge:15}  {one.bridge:15}  {state}")


def _cloud(root: Path) -> int:
    """A process in the cloud's network namespace. Raises Unavailable, Forbidden."""
    state = state_folder.existing(root)
    account.owner(root)
    found = namespace.find(state)
    if found is None:
        raise Unavailable("host", what="cloud", reason="not_running", state=str(root))
    try:
        return namespace.member(state, found)
    finally:
        namespace.close(found)


def _root() -> None:
    if os.geteuid() != 0:
        raise Forbidden("host", action="uplink", needs=["root"])


def _tell_plan(do: tuple[Command, ...], undo: tuple[Command, ...], within: int) -> None:
    _tell_commands(do)
    click.echo(f"# unless confirmed within {within} s:")
    _tell_commands(undo)


def _tell_commands(commands: tuple[Command, ...]) -> None:
    for one in commands:
        click.echo(planning.shell(one))
