"""A PostgreSQL of the tests' own: made for a session, on a unix socket, gone afterwards.

PostgreSQL refuses to run as root; then it runs as the user that Debian's package made.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A SQLAlchemy URL of an empty database; each xdist worker has a cluster of its own."""
    folder = Path(tempfile.mkdtemp(prefix="kumoi-postgres-"))
    try:
        with cluster(folder):
            yield f"postgresql+psycopg://kumoi@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh_postgres_url(postgres_url: str) -> Iterator[str]:
    """A SQLAlchemy URL of a database that this test alone has."""
    name = f"t{os.urandom(6).hex()}"
    server = postgres_url.partition("host=")[2]
    sql(server, f"CREATE DATABASE {name}")
    yield postgres_url.replace("/postgres?", f"/{name}?")
    sql(server, f"DROP DATABASE {name} WITH (FORCE)")


def sql(server: str, statement: str) -> None:
    """Run one statement as the superuser; `server` is the folder of its socket."""
    subprocess.run(
        [programs() / "psql", "-q", "-h", server, "-U", "kumoi", "-d", "postgres", "-c", statement],
        check=True,
    )


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """A running server whose data and socket are in `folder`."""
    as_owner = owner_prefix(folder)
    data = folder / "data"
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "max_connections": "50",
        "shared_buffers": "16MB",
        "fsync": "off",  # the cluster is thrown away: nothing needs to outlive the machine
    }
    run([*as_owner, programs() / "initdb", "-D", data, "-U", "kumoi", "-A", "trust", "-E", "UTF8"])
    with (data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    control = [*as_owner, programs() / "pg_ctl", "-D", data, "-w"]
    run([*control, "-l", folder / "log", "start"])
    try:
        yield
    finally:
        run([*control, "-m", "immediate", "stop"])


def owner_prefix(folder: Path) -> list[str]:
    """What to put before a command so that it is not run as root; the folder becomes that user's."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]


def programs() -> Path:
    """Debian's folder of the newest PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1]


def run(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
