"""A real guest, and a session in it, while another version takes over and gives back: neither notices."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from tests.e2e.ground import Ground, until
from tests.e2e.test_kill_everything import BEATS, BOOT_S, boot, client, uptime_s

import kumoi

pytestmark = [pytest.mark.guest, pytest.mark.privileged, pytest.mark.timeout(600)]


@pytest.fixture
def cloud() -> Iterator[Ground]:
    one = Ground(real=True)
    try:
        one.run("up")
        yield one
    finally:
        one.remove()


def newer(cloud: Ground) -> dict[str, str]:
    """The environment of tomorrow's program."""
    folder = cloud.folder / "newer"
    shutil.copytree(cloud.folder / "src", folder)
    init = folder / "kumoi/__init__.py"
    init.write_text(init.read_text().replace(kumoi.__version__, "99.0"))
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return {**cloud.environ, "PYTHONPATH": str(folder)}


def test_a_guest_outlives_an_upgrade_and_its_rollback(cloud: Ground) -> None:
    server = boot(cloud)
    until(lambda: uptime_s(cloud) > 0, BOOT_S)
    guest, before_s = cloud.guest_pid(), uptime_s(cloud)
    session = cloud.start("ssh", "s1", BEATS)
    assert session.stdout is not None
    assert session.stdout.readline() == "beat 1\n"
    serve = cloud.pid("serve")
    older, cloud.environ = cloud.environ, newer(cloud)
    assert "takes over" in cloud.run("up")
    assert cloud.pid("serve") not in {serve, 0}
    assert cloud.guest_pid() == guest
    cloud.run("rollback")
    cloud.environ = older
    assert "already up" in cloud.run("up")
    assert cloud.guest_pid() == guest
    assert uptime_s(cloud) > before_s
    told, _ = session.communicate(timeout=280)
    assert told.split("\n")[-2] == "beat 12"
    assert client(cloud, "server", "show", server, "-f", "json")["status"] == "ACTIVE"
