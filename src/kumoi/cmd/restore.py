"""`kumoi restore FILE`: a cloud from its backup, in an empty state folder or in place of one that is down."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click

from kumoi.adapters.linux import account
from kumoi.adapters.sql import copying
from kumoi.adapters.storage.os_errors import translated
from kumoi.cmd import as_owner
from kumoi.cmd.halting import anything_alive
from kumoi.cmd.inside import told
from kumoi.cmd.up import locked
from kumoi.core.errors import Taken, Unavailable
from kumoi.ops.backup import archive, contents, placing
from kumoi.ops.backup.archive import Manifest
from kumoi.runtime import settings
from kumoi.runtime.state_folder import StateFolder

BEFORE = "db/before-restore.sqlite"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="In place of the cloud that is there, which must be down.")
@click.pass_obj
def command(root: Path, file: Path, replace: bool) -> None:
    """Make this state folder's cloud what it was when FILE was written by kumoi backup; then: kumoi up.

    What was made since is not known to it: its hosts name as strays what they still have of that.
    """
    with told(), translated("host", "restore"), file.open("rb") as source:
        as_owner.run(root, lambda: restore(StateFolder(root), source, replace=replace), "restore")


def restore(state: StateFolder, source: BinaryIO, *, replace: bool) -> None:
    """As root the folder becomes the cloud's user's first, as by `up`."""
    os.umask(0o022)  # as `up`: inside the closed folder other uids of ours must pass
    owner = account.ensure(state)
    account.become(owner)
    state.prepare()
    with translated("host", "restore"), locked(state):
        manifest = put(state, source, replace=replace)
    at = datetime.fromtimestamp(int(manifest.made_at), UTC).isoformat()
    click.echo(f"kumoi: restored what was written at {at}. Start it: kumoi up")
    if not manifest.simulated and manifest.host != socket.gethostname():
        click.echo(
            f"kumoi: it stood on {manifest.host!r}. Guests of that host are not started here; if their disks are here, "
            "set host_name of [cloud] in kumoi.toml to that name."
        )


def put(state: StateFolder, source: BinaryIO, *, replace: bool) -> Manifest:
    """Raises Taken (a cloud is here), Unavailable (it is up), and what an unfit file raises."""
    if anything_alive(state):
        raise Unavailable("host", what="cloud", reason="still_up")
    placing.finish(state)
    database = state.root / contents.DATABASE
    if database.exists() and not replace:
        raise Taken("host", kind="cloud", name=str(state.root))
    with placing.unpacking(state) as fresh:
        manifest = archive.unpack(source, fresh)
        settings.load(fresh)  # refused now rather than by every command from now on
        copying.renew(fresh / contents.DATABASE)
        if database.exists():
            copying.replace(f"sqlite:///{database}", state.root / BEFORE)
        placing.decide(state, fresh)
    placing.finish(state)
    return manifest
