"""`kumoi doctor`: a line for everything that a cloud needs of this machine."""

import sys
from pathlib import Path

import click

from kumoi.ops.machine import Finding, Port, Verdict, enough_to_simulate, examine
from kumoi.runtime import processes, settings, supervision
from kumoi.runtime.settings import Settings
from kumoi.runtime.state_folder import StateFolder

COLOURS: dict[Verdict, str] = {"ok": "green", "warning": "yellow", "fault": "red"}


@click.command()
@click.pass_obj
def command(state: Path) -> None:
    """Examine this machine: what is well, what is not, and what would mend it.

    The exit code is 1 if a cloud with real guests cannot run here.
    """
    known = settings.load(state)
    findings = list(examine(state, (port_of(state, known),)))
    for finding in findings:
        show(finding)
    faulty = any(finding.verdict == "fault" for finding in findings)
    if faulty and enough_to_simulate(findings):
        click.echo("\nA cloud without real guests works here as it is: kumoi up --simulate")
    sys.exit(faulty)


def port_of(state: Path, known: Settings) -> Port:
    """The API's: where it listens, listened, or would first try to."""
    chosen = known.explicit("api.port")
    try:
        record = supervision.read(StateFolder(state).processes)
    except PermissionError:  # somebody else's cloud
        record = None
    if record is None or "api" not in record.addresses:
        return Port(number=known.api.port, chosen=chosen)
    last = int(record.addresses["api"].rpartition(":")[2])
    own = processes.alive(record.supervisor)
    return Port(number=last if own or not chosen else known.api.port, chosen=chosen, own=own)


def show(finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict:8}", fg=COLOURS[finding.verdict])
    click.echo(f"{verdict} {finding.about:17} {finding.seen}")
    if finding.mend:
        click.echo(f"{'':26} → {finding.mend}")
