"""`kumoi console SERVER`: a guest's serial line in this terminal."""

import os
import sys
from pathlib import Path

import click

from kumoi.adapters.linux import account
from kumoi.cmd.inside import told
from kumoi.core.errors import Unavailable
from kumoi.ops import serial_line
from kumoi.ops.client import Client
from kumoi.ops.servers import find_server
from kumoi.runtime import state_folder


@click.command()
@click.argument("server")
@click.pass_obj
def command(root: Path, server: str) -> None:
    """Open the serial console of SERVER (name, ID or EC2 id). Ctrl-] leaves it.

    It has one user at a time: whoever opens it later has it.
    """
    keys, screen = sys.stdin.fileno(), sys.stdout.fileno()
    with told():
        if not os.isatty(keys):
            raise Unavailable("host", what="stdin", reason="no_terminal")
        account.owner(root)
        client = Client(state_folder.existing(root).clouds_yaml)
        found = find_server(client, server)
        with serial_line.opened(client, found["id"]) as connection:
            click.echo(f"kumoi: serial console of {found['name']!r}; Ctrl-] leaves, Enter wakes it", err=True)
            with serial_line.raw(keys):
                ended = serial_line.attach(connection, keys, screen)
    click.echo(f"\nkumoi: {ended}" if ended else "", err=True)
    sys.exit(1 if ended else 0)
