"""`kumoi backup FILE`: the cloud itself as one file, taken while it works."""

import fcntl
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click

import kumoi
from kumoi.adapters.sql import copying
from kumoi.adapters.storage import durable
from kumoi.adapters.storage.os_errors import translated
from kumoi.cmd import as_owner
from kumoi.cmd.inside import told
from kumoi.cmd.up import in_force
from kumoi.core.errors import Taken, Unavailable
from kumoi.ops.backup import archive, contents
from kumoi.ops.backup.archive import Manifest
from kumoi.runtime import state_folder
from kumoi.runtime.state_folder import StateFolder

_MIB: Final = 1 << 20


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--without-images", is_flag=True, help="Leave out the bytes of images: they must be loaded anew.")
@click.pass_obj
def command(root: Path, file: Path, without_images: bool) -> None:
    """Write the cloud's database, keys, settings and images into FILE, also while it is up.

    Guests' disks and volumes are not in it. It holds secrets, so only its owner may read it.
    """
    with told(), translated("host", "backup"):
        state = state_folder.existing(root)
        with made_whole(file.absolute()) as out:
            as_owner.run(root, lambda: take(state, out, images=not without_images), "backup")
    click.echo(f"kumoi: {file}: {file.stat().st_size / _MIB:.1f} MiB. Guests' disks and volumes are not in it.")


def take(state: StateFolder, out: BinaryIO, *, images: bool) -> Manifest:
    """As the cloud's owner. Raises Unavailable where there is no database yet, or no room for its copy."""
    chosen = in_force(state)
    if not chosen.database.url and not (state.root / contents.DATABASE).exists():
        raise Unavailable("host", what="cloud", reason="never_started")
    with translated("host", "backup"), _aside(state) as aside:
        if images:
            contents.link_blobs(state, aside)
        database = aside / "database"
        copied = copying.copy(chosen.database_url, database)
        if images:
            contents.link_blobs(state, aside)
        manifest = Manifest(
            version=kumoi.__version__,
            made_at=time.time(),
            cloud_id=copied.cloud_id,
            revision=copied.revision,
            simulated=chosen.cloud.simulate,
            host=chosen.cloud.host_name or socket.gethostname(),
            images=images,
        )
        files = ((contents.DATABASE, database), *contents.besides(state), *contents.linked(aside))
        archive.write(out, manifest, files)
        out.flush()
    return manifest


@contextmanager
def _aside(state: StateFolder) -> Iterator[Path]:
    """A folder on the disk of the state's own, for one at a time; what a killed one left goes first."""
    folder = state.root / "backup"
    with (state.root / "ground" / "backup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def made_whole(path: Path) -> Iterator[BinaryIO]:
    """A new file (0600) that has its name only once it is whole. Raises Taken where there is one."""
    if path.exists():
        raise Taken("host", kind="file", name=str(path))
    fd, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(fd, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(fresh, path)
        durable.sync(path.parent)
    except FileExistsError as e:
        raise Taken("host", kind="file", name=str(path)) from e
    finally:
        os.unlink(fresh)
