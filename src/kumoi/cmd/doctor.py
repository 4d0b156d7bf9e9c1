"""`kumoi doctor`: a line for everything that a cloud needs of this machine."""

import sys
from pathlib import Path

import click

from kumoi.ops.machine import Finding, Verdict, examine
from kumoi.runtime import settings

COLOURS: dict[Verdict, str] = {"ok": "green", "warning": "yellow", "fault": "red"}


@click.command()
@click.pass_obj
def command(state: Path) -> None:
    """Examine this machine: what is well, what is not, and what would mend it.

    The exit code is 1 if a cloud with real guests cannot run here.
    """
    known = settings.load(state)
    findings = list(examine(state, (known.api.port, known.s3.port)))
    for finding in findings:
        show(finding)
    sys.exit(any(finding.verdict == "fault" for finding in findings))


def show(finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict:8}", fg=COLOURS[finding.verdict])
    click.echo(f"{verdict} {finding.about:17} {finding.seen}")
    if finding.mend:
        click.echo(f"{'':26} → {finding.mend}")
