"""What an operator reads of the cloud: hosts, strays, links, loops, events; and who may."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.usecase.cloud import Cloud

from kumoi.app import events, loops
from kumoi.app.census import census
from kumoi.app.events import Feed
from kumoi.app.hosts import overview
from kumoi.app.hosts.switch import switch
from kumoi.app.house import House
from kumoi.app.instances import power, run
from kumoi.app.instances.wish import RunWish
from kumoi.core.call import Actor, Call
from kumoi.core.conditions import Blocked, Ready
from kumoi.core.errors import Forbidden
from kumoi.core.ids import FlavorId, InstanceId, ProjectId, UserId
from kumoi.core.instances import Instance


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    made.settle()
    yield made
    made.close()


def server(cloud: Cloud, name: str = "a") -> Instance:
    wish = RunWish(name=name, flavor_id=FlavorId("1"), image_id=cloud.image(name.encode() * 4096))
    made: Instance = run.run(cloud.house, cloud.call(), wish)[0]
    cloud.settle()
    return made


def of_another_project(call: Call) -> Call:
    actor = Actor(user_id=UserId("x"), user_name="x", project_id=ProjectId("other"), roles=frozenset({"member"}))
    return msgspec.structs.replace(call, actor=actor)


def test_a_host_tells_its_room_and_its_health(cloud: Cloud) -> None:
    one = server(cloud)
    (view,) = overview.find(cloud.house, cloud.call(admin=True))
    assert (view.host.name, view.guests, view.condition) == ("one", 1, Ready())
    assert view.room["memory_mib"].used == one.memory_mib
    assert view.room["memory_mib"].most == view.host.capacity.memory_mib
    assert view.room["vcpus"].most > view.host.capacity.vcpus
    assert overview.show(cloud.house, cloud.call(admin=True), view.host.id) == view


def test_a_silent_host_is_blocked(cloud: Cloud) -> None:
    cloud.clock.advance(120.0)
    (view,) = overview.find(cloud.house, cloud.call(admin=True))
    assert isinstance(view.condition, Blocked)
    assert view.condition.code == "host_down"
    assert census(cloud.house).hosts == {"up": 0, "down": 1, "lost": 0}


def test_what_does_not_stand_is_told_and_forgotten_when_it_stands(cloud: Cloud) -> None:
    cloud.world.faults.failing["ensure_segment"] = 10**6
    server(cloud)
    (view,) = overview.find(cloud.house, cloud.call(admin=True))
    assert [trouble.entry.partition("/")[0] for trouble in view.troubles] == ["network"] * len(view.troubles)
    assert census(cloud.house).troubles == len(view.troubles) > 0
    cloud.world.faults.heal()
    cloud.settle(60.0)
    (view,) = overview.find(cloud.house, cloud.call(admin=True))
    assert view.troubles == []
    assert census(cloud.house).troubles == 0


def test_strays_are_listed_with_their_host(cloud: Cloud) -> None:
    cloud.world.foreign.append("somebody-elses")
    cloud.settle(30.0)
    (found,) = overview.strays(cloud.house, cloud.call(admin=True))
    assert (found.host.name, found.kind, found.name) == ("one", "machine", "somebody-elses")
    assert census(cloud.house).strays == 1
    cloud.world.foreign.clear()
    cloud.settle(30.0)
    assert overview.strays(cloud.house, cloud.call(admin=True)) == []


def test_loops_tell_when_they_last_did_their_work_and_what_they_cannot(cloud: Cloud) -> None:
    cloud.settle(600.0)
    found = {one.name: one for one in loops.states(cloud.house, cloud.call(admin=True))}
    assert {"stamp", "bind", "purge", "audit", "series", "sweep"} <= found.keys()
    now = cloud.clock.now()
    assert all(now - 400 <= one.well_at <= now for one in found.values())
    assert all(one.errors == 0 for one in found.values())


def test_the_feed_is_read_forwards_from_a_number_and_backwards_from_the_newest(cloud: Cloud) -> None:
    one = server(cloud)
    power.stop(cloud.house, cloud.call(), one.id)
    cloud.settle(90.0)
    me, house = cloud.call(), cloud.house
    newest = events.feed(house, me, Feed(limit=2))
    assert newest[0].seq > newest[1].seq
    older = events.feed(house, me, Feed(before=newest[-1].seq))
    everything = [*reversed(older), *reversed(newest)]
    assert [e.seq for e in events.feed(house, me, Feed(after=0))] == [e.seq for e in everything]
    assert events.feed(house, me, Feed(after=newest[0].seq)) == []
    mine = events.feed(house, me, Feed(kind="instance", resource_id=one.id, action="instance.st"))
    assert {e.action for e in mine} == {"instance.status", "instance.stop"}


def test_the_feed_shows_one_project_unless_one_may_see_all(cloud: Cloud) -> None:
    one = server(cloud)
    switch(cloud.house, cloud.call(admin=True), overview.find(cloud.house, cloud.call(admin=True))[0].host.id,
           enabled=False)  # fmt: skip
    stranger, admin, house = of_another_project(cloud.call()), cloud.call(admin=True), cloud.house
    assert events.feed(house, stranger, Feed()) == []
    assert events.feed(house, stranger, Feed(resource_id=one.id)) == []
    with pytest.raises(Forbidden):
        events.feed(house, stranger, Feed(project_id=cloud.project))
    kinds = {e.kind for e in events.feed(house, admin, Feed(limit=1000))}
    assert {"instance", "host"} <= kinds
    assert {e.project_id for e in events.feed(house, admin, Feed(project_id=cloud.project))} == {cloud.project}


READS: dict[str, Callable[[House, Call], Any]] = {
    "hosts": overview.find,
    "strays": overview.strays,
    "links": overview.links,
    "loops": loops.states,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_only_administrators_look_at_the_machinery(cloud: Cloud, read: Callable[[House, Call], Any]) -> None:
    cloud.world.foreign.append("somebody-elses")
    cloud.settle(30.0)
    with pytest.raises(Forbidden):
        read(cloud.house, cloud.call())
    assert read(cloud.house, cloud.call(admin=True))


def test_the_census_counts_everything(cloud: Cloud) -> None:
    server(cloud, "a")
    stopped = server(cloud, "b")
    power.stop(cloud.house, cloud.call(), InstanceId(stopped.id))
    cloud.settle(90.0)
    found = census(cloud.house)
    assert found.instances == {"active": 1, "stopped": 1}
    assert found.hosts["up"] == 1
    assert found.room["vcpus"].used == 2
    assert found.backlog.marks == 0
    assert found.backlog.sections >= 2
