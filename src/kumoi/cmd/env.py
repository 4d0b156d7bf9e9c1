"""`kumoi env`: what a shell must know to be this cloud's client."""

import shlex
from pathlib import Path

import click

from kumoi.cmd.inside import of_owner, told
from kumoi.cmd.main import program_folder
from kumoi.core.errors import Unavailable


@click.command()
@click.pass_obj
def command(root: Path) -> None:
    """Print export lines for clients: eval "$(kumoi env)"."""
    clients = client_folder(program_folder())
    with told():
        state = of_owner(root)
        try:
            lines = (state.root / "env").read_text()
        except FileNotFoundError:
            raise Unavailable("host", what="cloud", reason="never_started", help="kumoi up") from None
    click.echo(lines, nl=False)
    if clients:
        # Last, so that nothing of the caller's own is hidden.
        click.echo(f'export PATH="$PATH:"{shlex.quote(str(clients))}')


def client_folder(program: Path) -> Path | None:
    """Where the launcher has installed openstack and aws, if it has (for the tests)."""
    ready = (p.parent for p in program.glob("venv/*/ready"))
    return next((v / "bin" for v in ready if (v / "bin/openstack").exists() and (v / "bin/aws").exists()), None)
