"""The ground: up and down, and that nothing which is killed stays dead or takes a guest along.

As root the cloud runs as its own system user, as anybody else directly; one code path.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.ground import DEFINE, SHOW, Ground, owner, until

from kumoi.adapters.linux import door, namespace
from kumoi.runtime import processes
from kumoi.runtime.state_folder import ACCOUNT, StateFolder

pytestmark = pytest.mark.privileged

PROGRAMS = ("understudy-1", "understudy-2", "holder", "libvirtd", "serve", "guestd", "agent")
UNDERSTUDIES = PROGRAMS[:2]
SIMULATOR = {"supervisor", *UNDERSTUDIES, "serve", "agent"}


@pytest.fixture
def cloud() -> Iterator[Ground]:
    one = Ground()
    try:
        one.run("up")
        yield one
    finally:
        one.remove()


def ready(cloud: Ground, address: str) -> int:
    """The pid that answers; a refused connection is a failure."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("GET", "/healthz")
        body = connection.getresponse().read()
    finally:
        connection.close()
    return int(body.decode().rpartition(":")[2].strip(" }"))


def kill(pid: int) -> None:
    assert pid > 1
    os.kill(pid, signal.SIGKILL)


def machine() -> str:
    """What a cloud must not change in the machine's own network and mounts."""
    told = [
        subprocess.run(words, capture_output=True, text=True, check=True).stdout
        for words in (["ip", "-o", "link"], ["ip", "-o", "addr"], ["ip", "route"])
    ]
    ages = re.compile(r"\w+_lft \S+")  # addresses that the machine's own network leased it
    return "".join([*(ages.sub("", text) for text in told), Path("/proc/self/mountinfo").read_text()])


def test_up_is_quick_to_say_that_it_is_up_and_down_leaves_nothing() -> None:
    before = machine()
    cloud = Ground()
    try:
        cloud.run("up")
        assert "already up" in cloud.run("up")
        programs = cloud.status()["programs"]
        assert {name for name in PROGRAMS if programs[name]["state"] == "runs"} == set(PROGRAMS)
        expected = ACCOUNT if os.geteuid() == 0 else owner(os.getpid())
        assert {owner(programs[n]["pid"]) for n in PROGRAMS if n != "guestd"} == {expected}
        assert machine() == before
        cloud.inside(DEFINE)
        assert cloud.guest_pid()
        boot_id = namespace.boot_id(StateFolder(cloud.state))
        cloud.run("down")
        assert cloud.members() == []
        cloud.run("up")
        assert namespace.boot_id(StateFolder(cloud.state)) != boot_id
        cloud.run("down")
        assert cloud.try_("status")[0] == 3
        assert (cloud.state / "db").is_dir()
        (cloud.state / "program").mkdir(exist_ok=True)
        cloud.run("down", "--purge")
        assert [p.name for p in cloud.state.iterdir()] == ["program"]
        assert machine() == before
    finally:
        cloud.remove()


def test_inside_is_root_of_its_own_and_guestd_is_nobody(cloud: Ground) -> None:
    told = cloud.inside("import os; print(os.getuid(), os.listdir('/sys/class/net'))")
    assert told == "0 ['lo']\n"
    pid = cloud.pid("guestd")
    fields = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert fields["NoNewPrivs"] == "1"
    assert {int(fields[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")} == {0}
    assert os.stat(f"/proc/{pid}").st_uid > 65535
    code, text = cloud.try_("exec", "elsewhere", "--", "true")
    assert code == 1
    assert "No host elsewhere was found" in text


def test_serve_answers_inside_and_outside_can_call_in(cloud: Ground) -> None:
    port = cloud.status()["addresses"]["api"].rpartition(":")[2]
    fetch = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/').read())"
    assert f'"pid": {cloud.pid("serve")}' in cloud.inside(fetch)
    cloud.run("exec", "local", "--", "ip", "addr", "add", "10.1.2.3/32", "dev", "lo")
    cloud.run("exec", "local", "--", "ip", "netns", "add", "qrouter-x")
    with through(cloud, "-", port) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b'"ready": true' in connection.recv(4096)
    with pytest.raises(AssertionError, match=r"10\.1\.2\.3 port \d+"):
        through(cloud, "qrouter-x", port)


def through(cloud: Ground, netns: str, port: str) -> socket.socket:
    """What ssh is given by its ProxyCommand."""
    argv = [sys.executable, "-IS", door.__file__, str(cloud.pid("holder")), netns, "10.1.2.3", port]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        done = subprocess.run(argv, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stderr
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
    return socket.socket(fileno=fds[0])


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_killed_program_runs_again(cloud: Ground, name: str) -> None:
    before = cloud.pid(name)
    kill(before)
    until(lambda: cloud.pid(name) not in {0, before})
    row = cloud.status()["programs"][name]
    assert (row["restarts"], row["ended"]) == (1, "signal 9")


def test_a_killed_supervisor_is_followed_and_no_caller_is_refused(cloud: Ground) -> None:
    address = cloud.status()["addresses"]["api"]
    serve, heirs = cloud.pid("serve"), {cloud.pid(name) for name in UNDERSTUDIES}
    kill(cloud.pid("supervisor"))
    kill(serve)
    # Until it is dead it may still take a call, which then is cut off.
    until(lambda: processes.identify(serve) is None)
    assert ready(cloud, address) not in {0, serve}
    until(lambda: cloud.pid("supervisor") in heirs)
    until(lambda: all(cloud.pid(name) not in {0, cloud.pid("supervisor")} for name in PROGRAMS))


def test_a_guest_outlives_everything_else(cloud: Ground) -> None:
    cloud.inside(DEFINE)
    guest, shown = cloud.guest_pid(), cloud.inside(SHOW)
    net = os.readlink(f"/proc/{guest}/ns/net")
    # They heal each other: so all at once.
    for pid in [cloud.pid(name) for name in (*UNDERSTUDIES, "supervisor")]:
        kill(pid)
    for pid in cloud.members():
        if pid != guest:
            kill(pid)
    assert cloud.try_("status")[0] == 3
    boot_id = namespace.boot_id(StateFolder(cloud.state))
    cloud.run("up")
    assert namespace.boot_id(StateFolder(cloud.state)) == boot_id
    assert cloud.guest_pid() == guest
    assert os.readlink(f"/proc/{cloud.pid('agent')}/ns/net") == net
    until(lambda: cloud.try_("exec", "local", "--", "test", "-S", "/run/libvirt/libvirt-sock")[0] == 0)
    until(lambda: cloud.pid("libvirtd"))
    assert cloud.inside(SHOW) == shown


def test_libvirtd_is_not_started_over_a_guest_that_it_would_kill(cloud: Ground) -> None:
    cloud.inside(DEFINE)
    guest = cloud.guest_pid()
    hide = "import glob,os\nfor p in glob.glob('/var/lib/libvirt/qemu/domain-*/monitor.sock'):"
    cloud.inside(hide + " os.rename(p, p + '.hidden')")
    kill(cloud.pid("libvirtd"))
    until(lambda: cloud.status()["programs"]["libvirtd"]["state"] == "refused")
    facts = cloud.status()["programs"]["libvirtd"]["facts"]
    assert (facts["reason"], facts["guest"]) == ("guest_at_risk", "g1")
    assert cloud.is_guest(guest)
    show = "import glob,os\nfor p in glob.glob('/var/lib/libvirt/qemu/domain-*/*.hidden'):"
    cloud.inside(show + " os.rename(p, p.removesuffix('.hidden'))")
    until(lambda: cloud.pid("libvirtd"))
    assert cloud.is_guest(guest)


def test_a_plain_user_needs_no_root(cloud: Ground) -> None:
    # The first cloud is there for its account, and as a neighbour.
    own = Ground()
    try:
        own.as_plain_user(ACCOUNT)
        own.run("up")
        own.inside(DEFINE)
        guest = own.guest_pid()
        kill(own.pid("libvirtd"))
        until(lambda: own.status()["programs"]["libvirtd"]["restarts"] == 1 and own.pid("libvirtd"))
        assert (own.guest_pid(), cloud.guest_pid()) == (guest, 0)
        own.run("down", "--purge")
        assert not own.state.exists() or list(own.state.iterdir()) == []
        assert len(cloud.members()) == 4
    finally:
        own.remove()


def test_two_ups_at_once_make_one_cloud() -> None:
    cloud = Ground()
    try:
        both = [cloud.start("up") for _ in range(2)]
        told = [child.communicate(timeout=280)[0] for child in both]
        assert [child.returncode for child in both] == [0, 0], told
        assert sum("already up" in text for text in told) == 1
    finally:
        cloud.remove()


def test_a_port_that_was_chosen_is_not_exchanged(cloud: Ground) -> None:
    port = cloud.status()["addresses"]["api"].rpartition(":")[2]
    other = Ground()
    try:
        code, text = other.try_("up", "--port", port)
        assert code == 1
        assert f"Port 127.0.0.1:{port} is taken" in text
    finally:
        other.remove()


def test_up_stops_waiting_for_what_keeps_dying() -> None:
    cloud = Ground(agent="raise SystemExit('no hands')", serve="import signal; signal.pause()")
    try:
        code, text = cloud.try_("up")
        assert code == 1
        assert "compute: agent keeps dying" in text
        assert "| no hands" in text
    finally:
        cloud.remove()


def test_the_simulator_needs_no_namespace() -> None:
    cloud = Ground()
    try:
        cloud.run("up", "--simulate", "--hosts", "7")
        assert set(cloud.status()["programs"]) == SIMULATOR
        assert cloud.members() == []
        assert "made_otherwise" not in cloud.run("up")
        settings = cloud.run("status", "--settings")
        assert "cloud.hosts                7                        kumoi.toml" in settings
        cloud.run("down")
        cloud.run("up")
        assert set(cloud.status()["programs"]) == SIMULATOR
    finally:
        cloud.remove()
