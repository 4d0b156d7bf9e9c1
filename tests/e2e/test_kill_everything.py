"""A real guest, by the real cloud: everything but it is killed, and neither it nor a session in it notices."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.ground import Ground, until

pytestmark = [pytest.mark.guest, pytest.mark.privileged, pytest.mark.timeout(600)]

BOOT_S = 180.0
BEATS = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo beat $i; sleep 1; done"


@pytest.fixture
def cloud() -> Iterator[Ground]:
    one = Ground(real=True)
    try:
        one.run("up")
        yield one
    finally:
        one.remove()


def client(cloud: Ground, *words: str) -> Any:
    """What an unmodified client says; None for nothing."""
    environ = {**cloud.environ, "OS_CLIENT_CONFIG_FILE": str(cloud.state / "clouds.yaml"), "OS_CLOUD": "kumoi"}
    program = (sys.executable, "-m", "openstackclient.shell")  # wherever the tests' libraries are
    done = subprocess.run([*program, *words], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else None


def boot(cloud: Ground) -> str:
    """The id of a guest that lets us in by the demo key."""
    key = cloud.state / "keys/demo_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    os.chown(key, cloud.state.stat().st_uid, cloud.state.stat().st_gid)
    client(cloud, "keypair", "create", "--public-key", f"{key}.pub", "demo", "-f", "json")
    client(cloud, "security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", "default")
    chosen = ("--image", "tiny", "--flavor", "m1.nano", "--network", "private", "--key-name", "demo")
    return str(client(cloud, "server", "create", *chosen, "s1", "-f", "json")["id"])


def uptime_s(cloud: Ground) -> float:
    """Of the guest, asked by ssh; -1 while it does not answer."""
    code, text = cloud.try_("ssh", "s1", "cat", "/proc/uptime")
    return float(text.split()[0]) if code == 0 else -1.0


def kill_all_but_guests(cloud: Ground) -> None:
    record = json.loads((cloud.state / "ground/processes.json").read_text())
    known = [record["supervisor"], *(p["process"] for p in record["programs"].values())]
    for pid in [process["pid"] for process in known if process]:
        os.kill(pid, signal.SIGKILL)
    for pid in cloud.members():
        if not cloud.is_guest(pid):
            os.kill(pid, signal.SIGKILL)


def test_a_guest_and_a_session_in_it_outlive_the_cloud(cloud: Ground) -> None:
    server = boot(cloud)
    until(lambda: uptime_s(cloud) > 0, BOOT_S)
    guest, before_s = cloud.guest_pid(), uptime_s(cloud)
    session = cloud.start("ssh", "s1", BEATS)
    assert session.stdout is not None
    assert session.stdout.readline() == "beat 1\n"
    kill_all_but_guests(cloud)
    assert cloud.try_("status")[0] == 3
    cloud.run("up")
    assert uptime_s(cloud) > before_s
    assert cloud.guest_pid() == guest
    assert client(cloud, "server", "show", server, "-f", "json")["status"] == "ACTIVE"
    told, _ = session.communicate(timeout=280)
    assert told.split("\n")[-2] == "beat 12"
    # Hands that were made anew still hold it.
    client(cloud, "server", "delete", "--wait", server)
    until(lambda: cloud.guest_pid() == 0)


def test_down_and_up_bring_the_guest_back(cloud: Ground) -> None:
    boot(cloud)
    until(lambda: uptime_s(cloud) > 0, BOOT_S)
    cloud.run("ssh", "s1", "echo kept > /root/note && sync")
    guest = cloud.guest_pid()
    cloud.run("down")
    assert cloud.guest_pid() == 0
    cloud.run("up")
    until(lambda: uptime_s(cloud) > 0, BOOT_S)
    assert cloud.guest_pid() != guest
    assert cloud.run("ssh", "s1", "cat", "/root/note") == "kept\n"
