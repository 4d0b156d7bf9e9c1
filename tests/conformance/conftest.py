"""A simulated cloud on free ports in a folder of its own, and the clients that everybody has, unmodified."""

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():  # the clients' own affairs
    warnings.simplefilter("ignore")
    import boto3
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection

CLIENTS = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
HOSTS = 2


class SimulatedCloud:
    """Started by the launcher, as its user starts it. `environ`: what `kumoi env` prints, no other cloud's words."""

    def __init__(self, clone: Path, state: Path) -> None:
        self.state = state
        self._kumoi = (str(clone / "kumoi"), "--state", str(state))
        self.environ = {**_plain_environ(), "PATH": CLIENTS}

    def start(self, *flags: str) -> str:
        """What `up` says."""
        said = self._run(*self._kumoi, "up", "--simulate", "--hosts", str(HOSTS), *flags)
        told = self._run("bash", "-c", f'eval "$({" ".join(self._kumoi)} env)"; env -0').split("\0")
        self.environ |= dict(line.split("=", 1) for line in told if line.startswith(("OS_", "AWS_")))
        return said

    def kumoi(self, *words: str) -> str:
        """What the cloud's own command says, which must not fail."""
        return self._run(*self._kumoi, *words)

    def openstack(self, *words: str) -> str:
        """What the command line client says, which must not fail."""
        return self._run("openstack", *words)

    def connect(self, cloud: str = "kumoi") -> Connection:
        config = OpenStackConfig(config_files=[self.environ["OS_CLIENT_CONFIG_FILE"]])
        return Connection(config=config.get_one(cloud=cloud))

    def ec2(self, **options: Any) -> Any:
        return boto3.client(
            "ec2",
            endpoint_url=self.environ["AWS_ENDPOINT_URL_EC2"],
            region_name=self.environ["AWS_DEFAULT_REGION"],
            aws_access_key_id=self.environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environ["AWS_SECRET_ACCESS_KEY"],
            **options,
        )

    def end(self) -> None:
        self._run(*self._kumoi, "down", "--purge")

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout


def _plain_environ() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("OS_", "AWS_", "KUMOI_"))}


@pytest.fixture(scope="session")
def cloud(clone: Path) -> Iterator[SimulatedCloud]:
    with folder_of_a_cloud(clone) as made:
        made.start()
        yield made


@pytest.fixture
def no_cloud(clone: Path) -> Iterator[SimulatedCloud]:
    """The place for another one, which the test starts."""
    with folder_of_a_cloud(clone) as place:
        yield place


@contextmanager
def folder_of_a_cloud(clone: Path) -> Iterator[SimulatedCloud]:
    # Not pytest's own folder: the cloud's user could not pass it, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="kumoi-conf-"))
    folder.chmod(0o755)
    place = SimulatedCloud(clone, folder / "cloud")
    try:
        yield place
    finally:
        place.end()
        shutil.rmtree(folder)
