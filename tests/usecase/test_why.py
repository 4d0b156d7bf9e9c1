"""`why`: whatever a thing is called by, what stands between it and its wish, and who is told how much."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.api.operator import tongue
from kumoi.app import why
from kumoi.app.instances import delete, run
from kumoi.app.instances.wish import RunWish
from kumoi.contracts.store import Transaction
from kumoi.core.conditions import Blocked, Ready, Working
from kumoi.core.errors import Invalid, NotFound, Unauthenticated
from kumoi.core.ids import FlavorId, InstanceId, ProjectId, ec2_id
from kumoi.core.instances import Instance
from kumoi.core.query import Query, eq


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def boot(cloud: Cloud, name: str = "web") -> Instance:
    wish = RunWish(name=name, flavor_id=FlavorId("1"), image_id=cloud.image())
    return run.run(cloud.house, cloud.call(), wish)[0]


def test_a_thing_answers_to_all_its_names(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    nic = cloud.store.read(lambda tx: tx.nics.find(Query(filters=(eq("instance_id", one.id),))))[0]
    router = cloud.store.read(lambda tx: tx.vpcs.find(Query()))[0]
    names = {
        "web": one.id,
        one.id: one.id,
        one.id.upper(): one.id,
        ec2_id("i", one.id): one.id,
        ec2_id("eni", nic.id): nic.id,
        f"tap{nic.id[:11]}": nic.id,
        f"qrouter-{router.id}": router.id,
        "router": router.id,
        "blank": one.image_id,
    }
    found = {name: why.explain(cloud.house, cloud.call(), name).id for name in names}
    assert found == names


def test_a_name_of_several_things_is_no_answer(cloud: Cloud) -> None:
    cloud.settle()
    one, other = boot(cloud, "twin"), boot(cloud, "twin")
    with pytest.raises(Invalid) as refused:
        why.explain(cloud.house, cloud.call(), "twin")
    assert refused.value.facts["names"] == [f"instance {i}" for i in sorted((one.id, other.id))]
    with pytest.raises(NotFound):
        why.explain(cloud.house, cloud.call(), "nothing")


def test_what_stands_in_the_way_is_named_from_wish_to_world(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    look = why.explain(cloud.house, cloud.call(admin=True), one.id)
    assert isinstance(look.condition, Working)
    assert look.condition.code == "waiting_for_control"
    cloud.settle()
    look = why.explain(cloud.house, cloud.call(admin=True), one.id)
    assert look.condition == Ready()
    assert look.status == "active"
    assert [h.name for h in look.hosts] == ["one"]
    assert look.plan[0].present
    assert {a.resource for a in look.allocations} >= {"vcpus", "memory_mib"}
    assert look.related[0].status == "active"
    cloud.clock.advance(120)
    look = why.explain(cloud.house, cloud.call(), one.id)
    assert isinstance(look.condition, Blocked)
    assert (look.condition.code, look.condition.who_can_help) == ("host_down", "operator")


def test_a_deleted_one_is_being_removed_until_its_host_proves_it(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    delete.delete(cloud.house, cloud.call(), one.id)
    look = why.explain(cloud.house, cloud.call(admin=True), one.id)
    assert look.status == "deleted"
    assert isinstance(look.condition, Working)
    assert look.condition.code in {"waiting_for_control", "removing"}
    cloud.settle()
    assert why.explain(cloud.house, cloud.call(admin=True), one.id).condition == Ready()


def test_an_owner_is_told_nothing_of_hosts(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    look = why.explain(cloud.house, cloud.call(), one.id)
    assert (look.hosts, look.placements, look.plan) == ((), (), ())
    assert "host" not in str([e.facts for e in look.events])
    assert look.seen is not None
    assert look.seen.host_id == ""


def test_an_owner_is_told_nothing_of_the_clouds_own_numbers(cloud: Cloud) -> None:
    """Whatever is not listed stays untold; of user data, everybody hears the size alone."""
    cloud.settle()
    wish = RunWish(name="web", flavor_id=FlavorId("1"), image_id=cloud.image(), user_data="c2VjcmV0")
    one = run.run(cloud.house, cloud.call(), wish)[0]
    cloud.settle()
    nic = cloud.store.read(lambda tx: tx.nics.find(Query(filters=(eq("instance_id", one.id),))))[0]
    router = cloud.store.read(lambda tx: tx.vpcs.find(Query()))[0]
    for thing in (one.id, nic.id, nic.network_id, router.id, one.image_id, nic.group_ids[0]):
        told = why.explain(cloud.house, cloud.call(), thing).intent
        assert told["id"] == thing
        assert not told.keys() & {"mark", "vni", "host_id", "layer_id", "root_layer_id", "ec2_key", "user_data"}
    for caller in (cloud.call(), cloud.call(admin=True)):
        told = why.explain(cloud.house, caller, one.id).intent
        assert "user_data" not in told
        assert told["user_data_size"] == 8
    assert why.explain(cloud.house, cloud.call(admin=True), nic.id).intent["mark"] == nic.mark
    host = why.explain(cloud.house, cloud.call(admin=True), "one")
    assert "session" not in host.intent


def test_namesakes_of_other_projects_hide_nothing(cloud: Cloud) -> None:
    """More of them than are looked at, and all of them earlier."""
    one = boot(cloud, "web")

    def crowd(tx: Transaction) -> None:
        for number in range(9):
            other = msgspec.structs.replace(one, id=InstanceId(f"{number:08d}-0000-4000-8000-000000000000"))
            key = f"{number:017x}"
            tx.instances.insert(msgspec.structs.replace(other, project_id=ProjectId("f" * 32), ec2_key=key))

    cloud.store.write(crowd)
    assert why.explain(cloud.house, cloud.call(), "web").id == one.id
    with pytest.raises(Invalid):
        why.explain(cloud.house, cloud.call(admin=True), "web")


def test_the_operators_route_speaks_the_callers_language(cloud: Cloud) -> None:
    one = boot(cloud)

    def ask(path: str, *headers: tuple[str, str]) -> tuple[int, Any]:
        spoken = msgspec.structs.replace(tongue(cloud.house), authenticate=lambda _: cloud.call(admin=True).actor)
        app = Edge([spoken], now=cloud.clock.now, new_id=cloud.chance.uuid)
        answer = asyncio.run(call(app, "GET", f"/operator/v1/why/{path}", headers))
        return answer.status, answer.json()

    status, body = ask(one.name)
    assert status == 200
    assert body["why"]["condition"]["is"] == "blocked"
    assert "No host has room" in body["why"]["condition"]["says"]
    assert "ホスト" in ask(one.id, ("accept-language", "ja"))[1]["why"]["condition"]["says"]
    status, body = ask("nothing")
    assert (status, body["error"]["code"]) == (404, "not_found")


def test_a_stranger_is_not_let_in(cloud: Cloud) -> None:
    spoken = tongue(cloud.house)
    app = Edge([spoken], now=cloud.clock.now, new_id=cloud.chance.uuid)
    answer = asyncio.run(call(app, "GET", "/operator/v1/why/x"))
    assert answer.status == 401
    assert answer.json()["error"]["code"] == Unauthenticated.code


def test_a_router_that_its_host_cannot_draw_says_so_until_it_stands(cloud: Cloud) -> None:
    cloud.world.faults.failing["ensure_vpc"] = 10**6
    cloud.settle()
    router = cloud.store.read(lambda tx: tx.vpcs.find(Query()))[0]
    told = why.explain(cloud.house, cloud.call(), router.id)
    assert isinstance(told.condition, Working)
    assert (told.condition.code, told.condition.facts["layer"]) == ("unavailable", "network")
    assert "vpc.trouble" in {event.action for event in told.events}
    cloud.world.faults.heal()
    cloud.settle(90)
    mended = why.explain(cloud.house, cloud.call(), router.id)
    assert mended.condition == Ready()
    assert "vpc.mended" in {event.action for event in mended.events}
    assert cloud.store.read(lambda tx: tx.troubles.find(Query())) == []


def test_a_nic_that_cannot_be_filtered_says_so(cloud: Cloud) -> None:
    cloud.settle()
    cloud.world.faults.failing["ensure_filters"] = 10**6
    one = boot(cloud)
    cloud.settle()
    nic = cloud.store.read(lambda tx: tx.nics.find(Query(filters=(eq("instance_id", one.id),))))[0]
    told = why.explain(cloud.house, cloud.call(), nic.id)
    assert isinstance(told.condition, Working)
    assert told.condition.code == "unavailable"
