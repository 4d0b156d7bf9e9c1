"""Placement over HTTP: what it tells of hosts is what their counters and allocation rows say, and what is
written about them is respected where instances are placed."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud
from tests.usecase.several_hosts import add_hosts

from kumoi.api.edge.app import Edge
from kumoi.app import aggregates, flavors
from kumoi.app.hosts.switch import switch
from kumoi.app.identity import tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.cmd.serve import tongues
from kumoi.core.ids import FlavorId
from kumoi.runtime.settings import load

NOBODY = "00000000-0000-4000-8000-000000000000"


class Placement:
    """Two hosts, and one server of flavor 2 (1 CPU, 256 MiB, 2 GiB)."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.cloud = cloud = Cloud(folder)
        self._runner = runner
        spoken = tongues(cloud.house, load(folder, {}), lambda: self.app.waiters)
        self.app = Edge(spoken, now=cloud.clock.now, new_id=cloud.chance.uuid)
        cloud.settle()
        add_hosts(cloud, "two")
        wish = RunWish(name="a", flavor_id=FlavorId("2"), image_id=cloud.image(), host_name="one", nics=())
        self.server = run.run(cloud.house, cloud.call(admin=True), wish)[0]
        scope = Scope(project_id=cloud.project)
        users = {name: Who(user_id=cloud.call(admin=name == "admin").actor.user_id) for name in ("admin", "demo")}
        self._tokens = {name: tokens.by_password(cloud.house, who, name[0], scope).token for name, who in users.items()}
        self.ids = {p["name"]: p["uuid"] for p in self.get("/resource_providers")["resource_providers"]}

    def ask(self, path: str, minor: int = 39, user: str = "admin", method: str = "GET", body: Any = None) -> Answer:
        headers = [("x-auth-token", self._tokens[user]), ("openstack-api-version", f"placement 1.{minor}")]
        if body is None:
            return self._runner.run(call(self.app, method, f"/placement{path}", headers))
        headers.append(("content-type", "application/json"))
        return self._runner.run(call(self.app, method, f"/placement{path}", headers, json.dumps(body).encode()))

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        answer = self.ask(path, method="PUT", body=body)
        assert answer.status == status, answer.body
        return answer.json() if answer.body else None

    def get(self, path: str, minor: int = 39, user: str = "admin") -> Any:
        answer = self.ask(path, minor, user)
        assert answer.status == 200, answer.body
        return answer.json()

    def names(self, query: str, minor: int = 39) -> list[str]:
        found = self.get(f"/resource_providers?{query}", minor)["resource_providers"]
        return [p["name"] for p in found]


@pytest.fixture
def placement(tmp_path: Path) -> Iterator[Placement]:
    with asyncio.Runner() as runner:
        made = Placement(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()


def test_a_host_tells_what_it_has_and_what_is_used(placement: Placement) -> None:
    one = f"/resource_providers/{placement.ids['one']}"
    inventories = placement.get(f"{one}/inventories")["inventories"]
    assert {name: (i["total"], i["allocation_ratio"]) for name, i in inventories.items()} == {
        "VCPU": (8, 16.0), "MEMORY_MB": (8192, 1.0), "DISK_GB": (100, 1.0),
    }  # fmt: skip
    assert placement.get(f"{one}/inventories/VCPU")["max_unit"] == 8
    assert placement.get(f"{one}/usages")["usages"] == {"VCPU": 1, "MEMORY_MB": 256, "DISK_GB": 2}
    (held,) = placement.get(f"{one}/allocations")["allocations"].items()
    assert (held[0], held[1]["resources"]) == (placement.server.id, {"VCPU": 1, "MEMORY_MB": 256, "DISK_GB": 2})
    other = f"/resource_providers/{placement.ids['two']}"
    assert placement.get(f"{other}/usages")["usages"] == {"VCPU": 0, "MEMORY_MB": 0, "DISK_GB": 0}
    assert placement.ask(f"/resource_providers/{NOBODY}").status == 404


def test_a_server_tells_what_it_holds_and_a_project_what_all_do(placement: Placement) -> None:
    told = placement.get(f"/allocations/{placement.server.id}")
    (held,) = told["allocations"].values()
    assert held["resources"] == {"VCPU": 1, "MEMORY_MB": 256, "DISK_GB": 2}
    assert (told["project_id"], told["consumer_type"]) == (placement.cloud.project, "INSTANCE")
    assert placement.get(f"/allocations/{NOBODY}") == {"allocations": {}}
    mine = f"/usages?project_id={placement.cloud.project}"
    assert placement.get(mine, 9, "demo")["usages"] == {"VCPU": 1, "MEMORY_MB": 256, "DISK_GB": 2}
    assert placement.get(mine, 38)["usages"]["INSTANCE"]["consumer_count"] == 1
    assert placement.get(f"{mine}&user_id={NOBODY}", 9)["usages"] == {}
    assert placement.ask(f"/usages?project_id={NOBODY}", user="demo").status == 403


def test_providers_are_found_by_what_is_left_by_aggregate_and_by_trait(placement: Placement) -> None:
    admin = placement.cloud.call(admin=True)
    group = aggregates.create(placement.cloud.house, admin, "a").aggregate.id
    aggregates.add_host(placement.cloud.house, admin, group, "two")
    assert placement.names("resources=MEMORY_MB:8000") == ["two"]
    assert placement.names("resources=MEMORY_MB:7000") == ["one", "two"]
    assert placement.names(f"member_of={group}") == placement.names(f"member_of=in:{group},{NOBODY}") == ["two"]
    assert placement.names(f"member_of=!{group}") == ["one"]
    assert placement.names(f"in_tree={placement.ids['one']}") == placement.names("name=one") == ["one"]
    switch(placement.cloud.house, admin, placement.ids["one"], enabled=False)  # type: ignore[arg-type]
    assert placement.names("required=COMPUTE_STATUS_DISABLED") == ["one"]
    assert placement.names("required=COMPUTE_NODE,!COMPUTE_STATUS_DISABLED") == ["two"]
    assert placement.ask("/resource_providers?required=ODD").status == 400
    assert placement.ask("/resource_providers?required=COMPUTE_NODE", 17).status == 400
    assert placement.get(f"/resource_providers/{placement.ids['two']}/aggregates")["aggregates"] == [group]
    assert placement.get("/traits?name=startswith:COMPUTE_STATUS")["traits"] == ["COMPUTE_STATUS_DISABLED"]


def test_candidates_are_hosts_with_room(placement: Placement) -> None:
    found = placement.get("/allocation_candidates?resources=VCPU:1,MEMORY_MB:8000")
    (request,) = found["allocation_requests"]
    two = placement.ids["two"]
    assert request == {
        "allocations": {two: {"resources": {"VCPU": 1, "MEMORY_MB": 8000}}}, "mappings": {"": [two]},
    }  # fmt: skip
    assert found["provider_summaries"][two]["resources"]["MEMORY_MB"] == {"capacity": 8192, "used": 0}
    assert len(placement.get("/allocation_candidates?resources=VCPU:1&limit=1")["allocation_requests"]) == 1
    groups = "/allocation_candidates?resources1=VCPU:1&resources2=MEMORY_MB:1&group_policy="
    assert len(placement.get(groups + "none")["allocation_requests"]) == 2
    assert placement.get(groups + "isolate")["allocation_requests"] == []
    assert placement.ask("/allocation_candidates?resources1=VCPU:1&resources2=MEMORY_MB:1").status == 400
    assert placement.ask("/allocation_candidates?resources=ODD:1").status == 400
    assert placement.ask("/allocation_candidates?resources=VCPU:1", 9).status == 404
    assert "resource_provider" in placement.get("/allocation_candidates?resources=VCPU:1", 10)[
        "allocation_requests"][0]["allocations"][0]  # fmt: skip


def test_it_is_for_operators(placement: Placement) -> None:
    assert placement.ask("/resource_providers", user="demo").status == 403
    assert placement.ask("/resource_providers", user="demo", method="POST", body={"name": "a"}).status == 403
    assert placement.ask("/traits/CUSTOM_A", user="demo", method="PUT").status == 403
    refused = placement.ask("/resource_providers", 40)
    assert (refused.status, refused.json()["errors"][0]["max_version"]) == (406, "1.39")
    assert placement.get("/")["versions"][0]["max_version"] == "1.39"
    assert {c["name"] for c in placement.get("/resource_classes")["resource_classes"]} >= {"VCPU", "DISK_GB"}


def test_what_is_reserved_of_a_host_is_not_given_to_instances(placement: Placement) -> None:
    two = f"/resource_providers/{placement.ids['two']}"
    has = placement.get(f"{two}/inventories")
    memory = has["inventories"]["MEMORY_MB"] | {"reserved": 8000, "resource_provider_generation": 0}
    assert placement.put(f"{two}/inventories/MEMORY_MB", memory)["reserved"] == 8000
    wish = RunWish(name="b", flavor_id=FlavorId("2"), image_id=placement.cloud.image(), host_name="two", nics=())
    refused = run.run(placement.cloud.house, placement.cloud.call(admin=True), wish)[0]
    assert refused.refusal is not None
    assert placement.names("resources=MEMORY_MB:256") == ["one"]
    more = memory | {"reserved": 0, "resource_provider_generation": 1, "total": 1 << 20}
    assert placement.ask(f"{two}/inventories/MEMORY_MB", method="PUT", body=more).status == 400
    assert placement.ask(f"{two}/inventories/MEMORY_MB", method="DELETE").status == 204
    assert run.run(placement.cloud.house, placement.cloud.call(admin=True), wish)[0].refusal is None
    placement.cloud.settle()  # the host says hello again, and what is written about it stays written
    assert placement.get(f"{two}/inventories/MEMORY_MB")["total"] == 8192


def test_a_host_gets_classes_and_traits_and_keeps_its_own(placement: Placement) -> None:
    one = f"/resource_providers/{placement.ids['one']}"
    assert placement.ask("/resource_classes/CUSTOM_GPU", method="PUT").status == 201
    assert placement.ask("/traits/CUSTOM_QUIET", method="PUT").status == 201
    gpus = {"resource_class": "CUSTOM_GPU", "total": 2}
    assert placement.ask(f"{one}/inventories", method="POST", body=gpus).status == 201
    told = placement.put(f"{one}/traits", {"traits": ["CUSTOM_QUIET"], "resource_provider_generation": 1})
    assert told["traits"] == ["COMPUTE_NODE", "CUSTOM_QUIET"]
    assert placement.names("required=CUSTOM_QUIET&resources=CUSTOM_GPU:2") == ["one"]
    assert placement.ask("/traits/CUSTOM_QUIET", method="DELETE").status == 409
    emptied = placement.put(f"{one}/inventories", {"resource_provider_generation": 2, "inventories": {}})
    assert set(emptied["inventories"]) == {"VCPU", "MEMORY_MB", "DISK_GB"}
    assert placement.ask(one, method="DELETE").status == 409
    renamed = placement.ask(one, method="PUT", body={"name": "other"})
    assert (renamed.status, placement.get(one)["name"]) == (400, "one")


def test_a_flavor_asks_for_traits_and_for_more_classes(placement: Placement) -> None:
    house, admin = placement.cloud.house, placement.cloud.call(admin=True)
    two = f"/resource_providers/{placement.ids['two']}"
    assert placement.ask("/resource_classes/CUSTOM_GPU", method="PUT").status == 201
    assert placement.ask("/traits/CUSTOM_QUIET", method="PUT").status == 201
    placement.put(f"{two}/traits", {"traits": ["CUSTOM_QUIET"], "resource_provider_generation": 0})
    gpus = {"resource_class": "CUSTOM_GPU", "total": 1}
    assert placement.ask(f"{two}/inventories", method="POST", body=gpus).status == 201
    specs = {"trait:CUSTOM_QUIET": "required", "resources:CUSTOM_GPU": "1"}
    flavors.put_specs(house, admin, FlavorId("2"), specs)
    wish = RunWish(name="b", flavor_id=FlavorId("2"), image_id=placement.cloud.image(), nics=())
    placed = run.run(house, admin, wish)[0]
    held = placement.get(f"/allocations/{placed.id}")["allocations"]
    assert held[placement.ids["two"]]["resources"] == {"VCPU": 1, "MEMORY_MB": 256, "DISK_GB": 2, "CUSTOM_GPU": 1}
    refused = run.run(house, admin, wish)[0].refusal
    assert refused is not None
    assert refused.facts["dropped"] == ["CUSTOM_GPU:1", "traits:1"]
