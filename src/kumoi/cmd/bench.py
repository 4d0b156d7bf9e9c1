"""`kumoi bench`: measure the promises on this machine, in clouds of its own."""

import os
import sys
from pathlib import Path

import click

from kumoi.cmd.inside import told
from kumoi.ops.bench import dashboard, fabric, page, place, real, simulated
from kumoi.ops.bench.figures import Figure
from kumoi.ops.bench.simulated import Size


@click.command()
@click.option("--real", "with_real", is_flag=True, help="Also what needs guests of this machine's.")
@click.option("--simulated/--no-simulated", "with_simulated", default=True, help="What the simulator can show.")
@click.option("--hosts", default=1000, show_default=True, help="Hosts of the simulated cloud.")
@click.option("--servers", default=1000, show_default=True, help="Servers of the burst.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="All values as JSON.")
@click.option("--write", "as_page", is_flag=True, help="Put the table into docs/promises.md.")
def command(
    with_real: bool, with_simulated: bool, hosts: int, servers: int, out: Path | None, as_page: bool
) -> None:  # fmt: skip
    """Measure what docs/promises.md promises."""
    figures: dict[str, Figure] = {}
    load, accelerator = os.getloadavg()[0], ""
    with told():
        if with_simulated:
            figures |= simulated.measure(_say, Size(hosts=hosts, servers=servers))
            figures |= dashboard.measure(_say)
        figures |= fabric.measure(_say)
        if with_real:
            found, accelerator = real.measure(_say)
            figures |= found
        here = place.look(accelerator, load)
        if out is not None:
            out.write_bytes(page.as_json(here, figures))
        text = page.table(here, figures)
        if as_page:
            page.write(Path(os.environ.get("KUMOI_CLONE", ".")) / "docs" / "promises.md", text)
    click.echo(text)


def _say(words: str) -> None:
    sys.stderr.write(f"kumoi: bench: {words}\n")
