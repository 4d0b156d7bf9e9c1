"""The command line's entrance: the table of commands and the options that all of them share.

A command is a module of this folder with a click command named `command`; it is imported when it
is called. To add one, write the module and name it in SECTIONS. Nothing is decided here.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

from kumoi import __version__
from kumoi.core.errors import KumoiError

SECTIONS: dict[str, tuple[str, ...]] = {
    "The cloud": ("up", "down", "status", "rollback", "backup", "restore", "purge", "config"),
    "Looking inside": ("why", "logs", "events", "net", "explain"),
    "Guests and clients": ("demo", "ssh", "exec", "env", "console", "rules"),
    "This machine": ("doctor", "support", "image", "uplink", "join"),
    "One process": ("supervise", "serve", "control", "agent", "guestd"),
    "Development": ("test", "lab", "chaos", "bench", "tour"),
}


def base_folder() -> Path:
    """Kumoi's folder of this user. It holds the program and, beside it, the default cloud.

    So a state may be closed to everybody (0700) and belong to the cloud's user, while the program
    is root's and readable: what root runs must not be writable by the cloud.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/kumoi")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "kumoi"


def default_state() -> Path:
    """Where the cloud is kept unless --state or KUMOI_STATE says otherwise."""
    return base_folder() / "cloud"


def program_folder() -> Path:
    """Where the launcher keeps what it makes: shared by all clouds, readable, rebuilt at will."""
    return Path(os.environ.get("KUMOI_PROGRAM") or base_folder() / "program")


class Commands(click.Group):
    """The commands of SECTIONS whose modules exist, in that order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in SECTIONS.values() for name in names if find_spec(_module(name))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(import_module(_module(cmd_name)), "command", None)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS.items():
            found = [(name, self.get_command(ctx, name)) for name in names]
            rows = [(name, command.get_short_help_str(60)) for name, command in found if command]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _module(name: str) -> str:
    return f"kumoi.cmd.{name.replace('-', '_')}"


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="KUMOI_STATE",
    default=default_state,
    help="The cloud's folder; may stand before or after the command.",
)
@click.version_option(__version__)
@click.pass_context
def kumoi(ctx: click.Context, state: Path) -> None:
    """A private cloud in one program, with the OpenStack and the AWS APIs."""
    ctx.obj = state.absolute()


def state_first(arguments: list[str]) -> list[str]:
    """The same arguments with `--state DIR` before the command, wherever it stood before `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    ours, rest = arguments[:end], arguments[end:]
    first: list[str] = []
    for at, word in enumerate(ours):
        if word.startswith("--state="):
            first = [word]
            del ours[at]
            break
        if word == "--state" and at + 1 < len(ours):
            first = ours[at : at + 2]
            del ours[at : at + 2]
            break
    return [*first, *ours, *rest]


def main() -> None:
    """Run one command and end the process with its exit code; a failure is one line."""
    try:
        kumoi(args=state_first(sys.argv[1:]), prog_name="kumoi")
    except KumoiError as reason:
        sys.exit(f"kumoi: {reason}")
    except PermissionError as refused:
        mend = "name a folder of your own with --state DIR"
        sys.exit(f"kumoi: {refused.filename} may not be opened by this user; {mend}")
