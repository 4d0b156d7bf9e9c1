"""`kumoi down`: guests and processes end, the namespaces are gone; `--purge`: the data too."""

import contextlib
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Final

import click

from kumoi.adapters.linux import namespace
from kumoi.cmd import as_owner, halting
from kumoi.cmd.inside import told
from kumoi.cmd.up import locked
from kumoi.core.errors import Unavailable
from kumoi.runtime import processes, supervision
from kumoi.runtime.state_folder import StateFolder

KEPT: Final = ("program", "venv")  # the launcher's
_PATIENCE_S: Final = 5.0


@click.command()
@click.option("--purge", is_flag=True, help="Remove the cloud's data as well.")
@click.pass_obj
def command(root: Path, purge: bool) -> None:
    """End this machine's cloud, its guests included."""
    with told():
        if not root.exists():
            click.echo("kumoi: nothing there")
            return
        run(StateFolder(root), purge=purge)
    click.echo("kumoi: purged" if purge else "kumoi: down")


def run(state: StateFolder, *, purge: bool) -> None:
    """All work is the owner's; root alone removes what root made."""
    as_owner.run(state.root, partial(_as_owner, state, purge=purge), "down")
    if purge:
        if os.geteuid() == 0:
            remove(state.root)
        with contextlib.suppress(OSError):  # not empty, or in a folder that is not ours
            state.root.rmdir()


def _as_owner(state: StateFolder, *, purge: bool) -> None:
    if (state.root / "ground").exists():
        down(state)
    if purge:
        _remove_own(state)


def down(state: StateFolder) -> None:
    """Raises Unavailable where something of the namespaces is left.

    The agent and libvirtd end before the guests do, so that nobody takes this for the guests'
    own wish; the next `up` starts them again.
    """
    with locked(state):
        halting.halt(state)
        record = supervision.read(state.processes)
        left = [e.process for e in record.programs.values() if e.process] if record else []
        processes.end(left, _PATIENCE_S)
        processes.end(namespace.inside(state), _PATIENCE_S)
        verify(state)
        state.namespace.unlink(missing_ok=True)


def verify(state: StateFolder) -> None:
    """Nobody inside, nobody outside who holds the way in."""
    left = [p.pid for p in namespace.inside(state)] + [p.pid for p in namespace.keepers(state)]
    if left:
        raise Unavailable("host", what="namespace", reason="processes_left", pids=[str(pid) for pid in left])


def _remove_own(state: StateFolder) -> None:
    """What is the owner's, and its sub-ids' where there are any: a simulated cloud needs none."""
    try:
        remove(state.root)
    except PermissionError:
        namespace.remove_tree(state, KEPT)


def remove(root: Path) -> None:
    """Everything that this user may remove. Raises PermissionError at what is others'."""
    for entry in root.iterdir():
        if entry.name in KEPT:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
