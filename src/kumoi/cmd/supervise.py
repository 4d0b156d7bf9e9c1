"""`kumoi supervise`: like `up`, but in the foreground, for an init system or a container."""

import os
from pathlib import Path

import click

from kumoi.adapters.linux import vlan_programs
from kumoi.cmd import supervisor, up
from kumoi.cmd.inside import told
from kumoi.runtime import state_folder
from kumoi.runtime.state_folder import StateFolder


@click.command()
@click.pass_obj
def command(root: Path) -> None:
    """Run this machine's cloud until SIGTERM; guests stay. `kumoi down` ends them too."""
    state = StateFolder(root)
    with told():
        programs = up.prepare(state)
    state_folder.replace(state.wish, b"up")
    argv = (*supervisor.command_line(state, wait=False), *vlan_programs.words(programs))
    os.execve(argv[0], argv, supervisor.environment())  # noqa: S606 - an init system wants this very process
