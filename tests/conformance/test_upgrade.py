"""A newer version over a running older one, and the way back: as its operator does it, on a simulated cloud."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.conformance.conftest import SimulatedCloud

import kumoi
from kumoi.adapters.sql.migrate import HEAD

pytestmark = [pytest.mark.filterwarnings("ignore")]
NEWER = "9999"
MIGRATION = f'''
from alembic import op
import sqlalchemy as sa

revision = "{NEWER}"
down_revision = "{HEAD}"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("of_tomorrow", sa.Column("id", sa.Text(), primary_key=True))
'''


@pytest.fixture
def newer(no_cloud: SimulatedCloud) -> "Newer":
    return Newer(no_cloud)


class Newer:
    """The program of tomorrow: a copy with another number and one migration more, called by itself."""

    def __init__(self, cloud: SimulatedCloud) -> None:
        self._cloud = cloud
        self.folder = cloud.state.parent / "newer"
        package = self.folder / "kumoi"
        shutil.copytree(Path(kumoi.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
        init = package / "__init__.py"
        init.write_text(init.read_text().replace(kumoi.__version__, "99.0"))
        (package / f"adapters/sql/migrations/versions/v{NEWER}_add_tomorrow.py").write_text(MIGRATION)
        subprocess.run(["chmod", "-R", "a+rX", self.folder], check=True)

    def run(self, *words: str) -> str:
        environ = {**os.environ, **self._cloud.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        argv = (sys.executable, "-P", "-m", "kumoi", "--state", str(self._cloud.state), *words)
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def schema(cloud: SimulatedCloud) -> str:
    with closing(sqlite3.connect(cloud.state / "db/kumoi.sqlite")) as raw:
        return str(raw.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def names(cloud: SimulatedCloud) -> set[str]:
    return {one["Name"] for one in json.loads(cloud.openstack("network", "list", "-f", "json"))}


def pids(cloud: SimulatedCloud) -> dict[str, int]:
    programs = json.loads(cloud.kumoi("status", "--json"))["programs"]
    return {name: one["pid"] for name, one in programs.items()}


def test_up_of_a_newer_version_takes_over_and_rollback_leads_back(no_cloud: SimulatedCloud, newer: Newer) -> None:
    cloud = no_cloud
    cloud.start()
    cloud.openstack("network", "create", "before")
    old = pids(cloud)
    address = cloud.environ["AWS_ENDPOINT_URL_EC2"]

    assert "kumoi rollback" in newer.run("up")
    assert schema(cloud) == NEWER
    assert not set(pids(cloud).values()) & set(old.values())
    cloud.openstack("network", "create", "after")  # the same address, the same password
    with pytest.raises(AssertionError, match="newer version"):
        cloud.kumoi("up")
    assert schema(cloud) == NEWER, "an older version lets it alone"

    told = newer.run("rollback")
    assert "before-rollback" in told
    assert schema(cloud) == HEAD
    assert names(cloud) >= {"before", "private"}
    assert "after" not in names(cloud)
    assert "already up" in cloud.start()  # by the older version's own command
    assert cloud.environ["AWS_ENDPOINT_URL_EC2"] == address
    hosts = json.loads(cloud.openstack("hypervisor", "list", "-f", "json"))
    assert {host["State"] for host in hosts} == {"up"}, "they take what has a later epoch"
    with pytest.raises(AssertionError, match="no version to go back to"):
        cloud.kumoi("rollback")
