"""The image `tiny` of a new cloud: its file before root is given away, the image itself once the cloud answers.

A cloud without it is a cloud: whatever goes wrong here is told, and no more.
"""

from collections.abc import Mapping
from pathlib import Path

import click

from kumoi.cmd.inside import tell
from kumoi.cmd.main import program_folder
from kumoi.core.errors import KumoiError
from kumoi.ops.client import Client
from kumoi.ops.image.build import CannotBuild, newest_of, recipe_digest, tiny_image
from kumoi.ops.tiny import ensure_tiny_image, find_tiny_image
from kumoi.runtime import settings
from kumoi.runtime.settings import Value
from kumoi.runtime.state_folder import StateFolder


def disk_for(state: StateFolder, flags: Mapping[str, Value | None]) -> Path | None:
    """The built image's file; None for a simulated cloud, and where it cannot be had."""
    try:
        if settings.load(state.root, flags=flags).cloud.simulate:
            return None
    except PermissionError:  # somebody else's cloud: `up` says so
        return None
    cache = program_folder() / "images"
    try:
        return newest_of(cache, recipe_digest()).disk
    except CannotBuild:
        pass
    try:
        return tiny_image(cache, say=_say).disk
    except CannotBuild as reason:
        _say(f"no image `tiny`: {reason}")
        return None


def bring(state: StateFolder, disk: Path | None, *, simulated: bool) -> None:
    """The image `tiny` is in the cloud, as far as there is something to make it of."""
    if disk is None and not simulated:
        return
    try:
        client = Client(state.clouds_yaml)
        if find_tiny_image(client) is None:
            ensure_tiny_image(client, disk)
            _say("image tiny uploaded")
    except KumoiError as reason:
        _say(f"no image `tiny` yet: {tell(reason)}")


def _say(words: str) -> None:
    click.echo(f"kumoi: {words}")
