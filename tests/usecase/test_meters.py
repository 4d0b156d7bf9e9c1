"""Who sees what was measured, and in which words."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.app.identity import people, tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.instances import delete, power, run
from kumoi.app.instances.diagnostics import ask_diagnostics, diagnosed
from kumoi.app.instances.wish import RunWish
from kumoi.app.meters.read import Window, chart
from kumoi.cmd.serve import tongues
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Forbidden, Invalid, NotFound, WrongState
from kumoi.core.ids import FlavorId, InstanceId, ProjectId, UserId
from kumoi.core.meters import NAMES
from kumoi.core.tenancy import Project, User
from kumoi.runtime.settings import load

METERS = sum(map(len, NAMES.values()))


class Measured:
    """A cloud whose one server has run for ten minutes."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.cloud = Cloud(folder)
        self._runner = runner
        spoken = tongues(self.cloud.house, load(folder, {}), lambda: self.app.waiters)
        self.app = Edge(spoken, now=self.cloud.clock.now, new_id=self.cloud.chance.uuid)
        self.cloud.settle()
        wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=self.cloud.image())
        self.id: InstanceId = run.run(self.cloud.house, self.cloud.call(), wish)[0].id
        self.cloud.settle(600.0)

    def token(self, name: str, project: str, role: str) -> str:
        admin = self.cloud.call(admin=True)
        made = people.create_user(self.cloud.house, admin, User(id=UserId(""), name=name, password_hash=""), "p")
        people.assign(self.cloud.house, admin, made.id, project, role)
        scope = Scope(project_id=ProjectId(project))
        return tokens.by_password(self.cloud.house, Who(user_id=str(made.id)), "p", scope).token

    def get(self, path: str, token: str, version: str = "2.1") -> Answer:
        headers = [("x-auth-token", token), ("openstack-api-version", f"compute {version}")]
        with ThreadPoolExecutor(1) as host:
            answering = host.submit(self._answer)
            answer = self._runner.run(call(self.app, "GET", path, headers, None))
            self.done = True
            answering.result()
        return answer

    def _answer(self) -> None:
        """The host answers what it is asked, until the request has its answer."""
        self.done = False
        while not self.done:
            self.cloud.agent.talk.hint("fetch")
            self.cloud.agent.talk.run_due()


@pytest.fixture
def measured(tmp_path: Path) -> Iterator[Measured]:
    with asyncio.Runner() as runner:
        made = Measured(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()


def foreign(call: Call) -> Call:
    actor = Actor(user_id=UserId("x"), user_name="x", project_id=ProjectId("other"), roles=frozenset({"member"}))
    return msgspec.structs.replace(call, actor=actor)


def test_a_window_of_all_meters_and_of_one(measured: Measured) -> None:
    house, me = measured.cloud.house, measured.cloud.call()
    found = chart(house, me, measured.id, Window())
    assert found.step_s == 10
    assert len(found.curves) == METERS
    since = me.now - 300
    one = chart(house, me, measured.id, Window(since=since, step_s=60, meters=frozenset({"memory.used"})))
    assert [curve.meter for curve in one.curves] == ["memory.used"]
    assert len(one.curves[0].average) in {5, 6}
    assert one.since <= since < one.since + 60


def test_a_long_window_is_told_coarsely(measured: Measured) -> None:
    house, me = measured.cloud.house, measured.cloud.call()
    steps = [
        chart(house, me, measured.id, Window(since=me.now - span)).step_s
        for span in (600.0, 6 * 3600.0, 2 * 86400.0, 15 * 86400.0, 300 * 86400.0)
    ]
    assert steps == [10, 60, 600, 3600, 3600]


def test_what_cannot_be_asked(measured: Measured) -> None:
    house, me = measured.cloud.house, measured.cloud.call()
    for window in (
        Window(since=me.now + 5),
        Window(since=me.now - 60, until=me.now - 120),
        Window(step_s=7),
        Window(since=0.0, step_s=10),
        Window(meters=frozenset({"fan.speed"})),
    ):
        with pytest.raises(Invalid):
            chart(house, me, measured.id, window)


def test_another_projects_instance_is_not_there(measured: Measured) -> None:
    with pytest.raises(NotFound):
        chart(measured.cloud.house, foreign(measured.cloud.call()), measured.id, Window())


def test_a_deleted_one_is_told_of_until_its_purge(measured: Measured) -> None:
    cloud = measured.cloud
    delete.delete(cloud.house, cloud.call(), measured.id)
    cloud.settle(60.0)
    assert chart(cloud.house, cloud.call(), measured.id, Window()).curves
    cloud.settle(3700.0)
    with pytest.raises(NotFound):
        chart(cloud.house, cloud.call(), measured.id, Window())


def test_the_operators_route_tells_the_same(measured: Measured) -> None:
    token = measured.token("reader", measured.cloud.project, "reader")
    answer = measured.get(f"/operator/v1/series/{measured.id}?meter=cpu.usage&meter=cpu.utilisation&step=60", token)
    told: dict[str, Any] = answer.json()["series"]
    assert [(c["subject"], c["meter"], c["unit"]) for c in told["curves"]] == [
        ("instance", "cpu.usage", "vcpu"),
        ("instance", "cpu.utilisation", "%"),
    ]
    assert measured.get(f"/operator/v1/series/{measured.id}?step=x", token).status == 400
    stranger = measured.token("stranger", made_project(measured), "member")
    assert measured.get(f"/operator/v1/series/{measured.id}", stranger).status == 404


def made_project(measured: Measured) -> str:
    admin = measured.cloud.call(admin=True)
    other = Project(id=ProjectId(""), account="", name="other")
    return people.create_project(measured.cloud.house, admin, other).id


def test_diagnostics_in_both_words(measured: Measured) -> None:
    admin = measured.token("operator", measured.cloud.project, "admin")
    path = f"/compute/v2.1/servers/{measured.id}/diagnostics"
    old = measured.get(path, admin).json()
    (tap,) = {name[:-3] for name in old if name.startswith("tap") and name.endswith("_rx")}
    assert old["cpu0_time"] > 0
    assert old["memory"] == 128 << 10
    assert {"vda_read", "vda_write_req", "vda_errors", f"{tap}_tx_packets", "memory-actual"} <= old.keys()
    new = measured.get(path, admin, "2.48").json()
    assert (new["state"], new["driver"], new["num_cpus"], new["num_disks"], new["num_nics"]) == (
        "running", "libvirt", 1, 1, 1,
    )  # fmt: skip
    assert 590 <= new["uptime"] <= 620
    assert new["memory_details"]["maximum"] == 128
    assert new["disk_details"][0]["read_bytes"] == old["vda_read"]
    assert new["nic_details"][0]["mac_address"].startswith("fa:16:3e")
    assert 0 <= new["cpu_details"][0]["utilisation"] <= 100


def test_diagnostics_are_for_administrators_and_of_what_runs(measured: Measured) -> None:
    cloud = measured.cloud
    with pytest.raises(Forbidden):
        ask_diagnostics(cloud.house, cloud.call(), measured.id)
    power.stop(cloud.house, cloud.call(), measured.id)
    cloud.settle(100.0)
    with pytest.raises(WrongState):
        ask_diagnostics(cloud.house, cloud.call(admin=True), measured.id)
    admin = measured.token("operator", cloud.project, "admin")
    assert measured.get(f"/compute/v2.1/servers/{measured.id}/diagnostics", admin).status == 409


def test_a_guest_that_ended_meanwhile_is_told_not_to_run(measured: Measured) -> None:
    cloud, admin = measured.cloud, measured.cloud.call(admin=True)
    question = ask_diagnostics(cloud.house, admin, measured.id)
    with pytest.raises(WrongState):
        diagnosed(cloud.house, admin, question, b'{"power":"off"}')
