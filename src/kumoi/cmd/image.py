"""`kumoi image`: the tiny guest image, built on this machine."""

from pathlib import Path

import click

from kumoi.cmd.main import program_folder
from kumoi.ops.image.build import CannotBuild, copy_to, tiny_image


@click.group()
def command() -> None:
    """Make guest images on this machine."""


@command.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also copy the image's files into this folder.",
)
def build(output: Path | None) -> None:
    """Build the tiny guest, if it is not there yet, and print its folder."""
    try:
        image = tiny_image(program_folder() / "images", say=lambda words: click.echo(words, err=True))
    except CannotBuild as reason:
        raise click.ClickException(str(reason)) from reason
    if output:
        copy_to(image, output)
    click.echo(str(output or image.folder))
