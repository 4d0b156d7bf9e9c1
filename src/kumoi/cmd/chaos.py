"""`kumoi chaos`: break a throw-away cloud again and again, and audit what is left."""

import sys
from pathlib import Path

import click
import msgspec

from kumoi.cmd.inside import told
from kumoi.ops.chaos.rounds import Chaos, Round
from kumoi.ops.trial import trial


@click.command()
@click.option("--simulate", is_flag=True, help="Of simulated hosts; without it guests are real.")
@click.option("--hosts", default=4, show_default=True, help="How many, simulated.")
@click.option("--rounds", default=10, show_default=True, help="How often.")
@click.option("--first", default=1, show_default=True, help="The first round's number: one round again is --rounds 1.")
@click.option("--seed", default=1, show_default=True, help="The same seed asks and kills alike.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Every round as a line of JSON.")
def command(simulate: bool, hosts: int, rounds: int, first: int, seed: int, out: Path | None) -> None:  # fmt: skip
    """Use a cloud, kill its processes, let it be quiet, and say what is wrong then (exit code 1)."""
    flags = ("--simulate", "--hosts", str(hosts)) if simulate else ()
    wrong = 0
    with told(), trial(_say, *flags) as cloud:
        chaos = Chaos(cloud, seed, flags, _say)
        for number in range(first, first + rounds):
            done = chaos.round(number)
            wrong += len(done.findings)
            _tell(done)
            if out is not None:
                with out.open("ab") as lines:
                    lines.write(msgspec.json.encode(done) + b"\n")
            chaos.tidy()
    click.echo(f"{rounds} rounds of seed {seed}: {wrong or 'nothing'} wrong")
    sys.exit(1 if wrong else 0)


def _tell(one: Round) -> None:
    killed = " and ".join(one.killed) or "nothing"
    click.echo(
        f"round {one.number}: {one.asked} requests, {one.unanswered} unanswered, killed {killed}; "
        f"quiet after {one.quiet_s:.1f} s; {len(one.findings)} wrong"
    )
    for finding in one.findings:
        click.echo(f"  {finding}")


def _say(words: str) -> None:
    sys.stderr.write(f"kumoi: chaos: {words}\n")
