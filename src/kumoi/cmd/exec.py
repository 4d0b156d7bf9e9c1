"""`kumoi exec HOST -- CMD…`: run a command where the cloud's guests and networks are."""

import os
import socket
from pathlib import Path

import click

from kumoi.adapters.linux import namespace
from kumoi.cmd.inside import ground, of_owner, told
from kumoi.core.errors import NotFound
from kumoi.runtime import settings

SHELL = "/bin/bash"


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("host")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[--] CMD...")
@click.pass_obj
def command(root: Path, host: str, words: tuple[str, ...]) -> None:
    """Run CMD inside a host of the cloud, as the root of inside; without CMD, a shell.

    HOST is the host's name; `local` is this machine's.
    """
    with told():
        state = of_owner(root)
        own = settings.load(state.root).cloud.host_name or socket.gethostname()
        if host not in {own, "local"}:
            raise NotFound("host", kind="host", id=host, known=[own])
        namespace.enter(ground(state))
    argv = words or (SHELL,)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - that is the command
    except FileNotFoundError:
        raise click.ClickException(f"no such program inside: {argv[0]}") from None
