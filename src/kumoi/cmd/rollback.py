"""`kumoi rollback`: back to the version that ran before the last upgrade, under guests that run."""

from pathlib import Path

import click

from kumoi.cmd import halting, switching, up
from kumoi.cmd.inside import told
from kumoi.ops.backup import placing
from kumoi.runtime import state_folder
from kumoi.runtime.state_folder import StateFolder


@click.command()
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait until ready.")
@click.pass_obj
def command(root: Path, timeout: float) -> None:
    """Run the cloud by the version before again; guests stay.

    Where the newer version had changed the database, the one from before the upgrade is taken, and what was made since
    is not known to it: its hosts name as strays what they have of that.
    """
    with told():
        rollback(state_folder.existing(root), timeout)


def rollback(state: StateFolder, timeout_s: float) -> None:
    """Raises KumoiError; nothing is ended before it is sure that there is a way back."""
    programs = up.prepare(state)
    with up.locked(state):
        to = switching.way_back(state)
        chosen = up.in_force(state)
        halting.halt(state)
        placing.finish(state)
        if switching.go_back(state, chosen, to):
            click.echo(f"kumoi: the database is that from before the upgrade; the newer one: {switching.AFTER}")
        state_folder.replace(state.wish, b"up")
        record = up.wait(state, up.start(state, to, programs), timeout_s)
        switching.note(state, record)
        switching.forget_previous(state)
    click.echo(f"kumoi: ready, by the version before ({to.number or 'unnumbered'})")
