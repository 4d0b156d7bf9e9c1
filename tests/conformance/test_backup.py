"""A drill: a cloud in use is backed up, and comes back in another folder, as on another machine."""

import json
import os
import stat
import tarfile
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest
from tests.conformance.conftest import SimulatedCloud
from tests.conformance.test_tour import until

from kumoi.ops.caller import Caller
from kumoi.ops.chaos import audit
from kumoi.ops.chaos.user import Ground, User
from kumoi.ops.chaos.word import Ledger

pytestmark = [pytest.mark.filterwarnings("ignore")]
WELL_S = 240.0


def ground_of(caller: Caller) -> Ground:
    networks = caller.get("/network/v2.0/networks")["networks"]
    return Ground(
        image=caller.get("/image/v2/images?name=tiny")["images"][0]["id"],
        flavors=tuple(f["id"] for f in caller.get("/compute/v2.1/flavors")["flavors"] if f["name"] == "m1.nano"),
        network=next(n["id"] for n in networks if n["name"] == "private"),
        external=next(n["id"] for n in networks if n["router:external"]),
    )


def use(user: User, over: Event) -> None:
    while not over.is_set():
        user.step()


def test_a_cloud_in_use_comes_back_elsewhere(cloud: SimulatedCloud, no_cloud: SimulatedCloud) -> None:
    caller = Caller(cloud.state / "clouds.yaml")
    early, over = Ledger(), Event()
    user = User(caller, ground_of(caller), early, Random(7))
    while len(early.made("server")) < 2:
        user.step()
    held = [one for one in early.all() if one.said == "made"]
    image = cloud.connect().image.create_image(
        name="kept", disk_format="raw", container_format="bare", data=b"\5" * (1 << 20), wait=True
    )
    # Others go on using it while it is written.
    later = [User(Caller(cloud.state / "clouds.yaml"), ground_of(caller), Ledger(), Random(n)) for n in range(2)]
    threads = [Thread(target=use, args=(one, over)) for one in later]
    for thread in threads:
        thread.start()
    file = no_cloud.state.parent / "cloud.backup"
    told = cloud.kumoi("backup", str(file))
    over.set()
    for thread in threads:
        thread.join()
    assert "volumes are not in it" in told
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600

    no_cloud.kumoi("restore", str(file))
    no_cloud.start()
    elsewhere = Caller(no_cloud.state / "clouds.yaml")
    assert elsewhere.reach != caller.reach
    # The same users with the same passwords and the same keys, of the other client as well.
    assert elsewhere.get("/identity/v3/users")["users"] != []
    found = {i["InstanceId"] for r in no_cloud.ec2().describe_instances()["Reservations"] for i in r["Instances"]}
    assert len(found) >= 2
    for one in held:
        status, _ = elsewhere.ask("GET", f"{audit.PATHS[one.kind]}/{one.id}")
        assert status == 200, one
    bytes_of_it = no_cloud.connect().image.download_image(image.id, stream=True).iter_content(1 << 16)
    assert b"".join(bytes_of_it) == b"\5" * (1 << 20)
    demo = next(p["id"] for p in elsewhere.get("/identity/v3/auth/projects")["projects"] if p["name"] == "demo")
    until(lambda: audit.findings(elsewhere, demo, Ledger()) == [], WELL_S)
    assert modes(no_cloud.state / "keys") <= {0o600, 0o700}


def test_what_helpers_are_handed_is_whole_and_has_no_password(cloud: SimulatedCloud, tmp_path: Path) -> None:
    cloud.kumoi("support", str(tmp_path / "help.tgz"))
    with tarfile.open(tmp_path / "help.tgz") as tar:
        texts = {m.name.partition("/")[2]: file.read() for m in tar if (file := tar.extractfile(m)) is not None}
    assert {"logs/serve.log", "logs/supervisor.log", "settings.txt", "status.txt", "doctor.txt"} <= texts.keys()
    assert b"supervising" in texts["logs/supervisor.log"]
    assert b'"hosts": 2' in texts["status.txt"]
    passwords = json.loads((cloud.state / "keys/first-passwords.json").read_bytes())
    assert [p for p in passwords.values() if p.encode() in b"".join(texts.values())] == []


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
