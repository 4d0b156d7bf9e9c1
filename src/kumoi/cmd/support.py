"""`kumoi support FILE`: what somebody who helps must see, without a secret."""

import platform
from pathlib import Path

import click
import msgspec

import kumoi
from kumoi.adapters.sql.migrate import HEAD
from kumoi.adapters.storage.os_errors import translated
from kumoi.cmd import as_owner, status
from kumoi.cmd.backup import made_whole
from kumoi.cmd.doctor import port_of
from kumoi.cmd.halting import alive
from kumoi.cmd.inside import told
from kumoi.cmd.up import in_force
from kumoi.ops import machine, support
from kumoi.runtime import state_folder
from kumoi.runtime.settings import KEYS
from kumoi.runtime.state_folder import StateFolder


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def command(root: Path, file: Path) -> None:
    """Gather logs, settings, status and what doctor says into FILE (tar.gz); secrets are blotted out."""
    with told(), translated("host", "support"):
        state = state_folder.existing(root)
        with made_whole(file.absolute()) as out:
            as_owner.run(root, lambda: support.write(out, state, texts(state)), "support")
    click.echo(f"kumoi: {file}: logs, settings, status, doctor; secrets are blotted out. Look: tar tzf {file}")


def texts(state: StateFolder) -> dict[str, str]:
    """As the cloud's owner; what cannot be asked because it is down is left out."""
    chosen = in_force(state)
    lines = [f"{key} = {getattr(getattr(chosen, key.partition('.')[0]), key.partition('.')[2])!r}" for key in KEYS]
    found = [
        f"{one.verdict:8} {one.about}: {one.seen} {one.mend}"
        for one in machine.examine(state.root, (port_of(state.root, chosen),))
    ]
    return {
        "version": f"kumoi {kumoi.__version__}, schema {HEAD}\n{platform.platform()}\n{platform.python_version()}\n",
        "settings": "\n".join(lines),
        "doctor": "\n".join(found),
        "status": msgspec.json.format(msgspec.json.encode(status.facts(state, alive(state)))).decode(),
    }
