"""A host measures its guests and tells control; what is lost, late, old or foreign harms nobody."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from tests.usecase.agent_bench import Bench
from tests.usecase.cloud import Cloud

from kumoi.adapters.link_local import LocalLink
from kumoi.agent.drivers import Manner
from kumoi.app.instances import delete, run
from kumoi.app.instances.wish import RunWish
from kumoi.app.meters.take import take_samples
from kumoi.core.archives import ARCHIVES
from kumoi.core.errors import Stale
from kumoi.core.ids import FlavorId, HostId, InstanceId, SessionId
from kumoi.core.instances import Instance
from kumoi.core.meters import NAMES, Point, Samples
from kumoi.core.query import Query


def told(bench: Bench) -> list[Point]:
    return [point for samples in bench.link.samples for point in samples.points]


def moments(bench: Bench) -> list[float]:
    return sorted({point.at for point in told(bench)})


def test_every_period_once_and_everything_there_is() -> None:
    bench = Bench()
    bench.boot("a")
    bench.settle(60.0)
    later = moments(bench)[1:]  # the first look is at once
    assert [round(b - a, 1) for a, b in pairwise(later)] == [10.0] * 5
    last = {point.subject: point for point in bench.link.samples[-1].points}
    assert set(last) == {"instance", "disk/vda", "nic/nic-a"}
    assert all(value is not None for point in last.values() for value in point.values)
    assert {kind: tuple(names) for kind, names in bench.link.samples[-1].names.items()} == NAMES


def test_two_hosts_look_at_different_moments() -> None:
    looks = Counter(round(moments(bench)[-1] % 10, 1) for bench in (named("one"), named("two"), named("three")))
    assert len(looks) == 3


def named(name: str) -> Bench:
    bench = Bench(name=name)
    bench.boot("a")
    bench.settle(30.0)
    return bench


def test_nothing_is_looked_at_for_a_control_that_does_not_take_it() -> None:
    bench = Bench()
    bench.link.capabilities = ()
    bench.agent = bench.new_agent()
    bench.boot("a")
    bench.settle(60.0)
    assert bench.link.samples == []
    assert bench.agent.samples.state().errors == 0


def test_never_is_a_setting() -> None:
    bench = Bench(Manner(poll_s=0.0, sample_s=0.0))
    bench.boot("a")
    bench.settle(60.0)
    assert bench.link.samples == []


def test_a_short_silence_leaves_no_gap_and_a_long_one_no_heap() -> None:
    bench = Bench()
    bench.boot("a")
    bench.settle(20.0)
    bench.link.dead = True
    bench.settle(120.0)
    bench.link.dead = False
    bench.settle(30.0)
    assert max(b - a for a, b in pairwise(moments(bench))) < 10.5
    bench.link.dead = True
    bench.settle(3600.0)
    bench.link.dead = False
    bench.link.samples.clear()
    bench.settle(30.0)
    assert bench.clock.now() - moments(bench)[0] < 400
    assert len(moments(bench)) <= 34


def test_a_guest_that_begins_anew_has_no_negative_rates() -> None:
    bench = Bench()
    bench.boot("a")
    bench.settle(600.0)
    bench.world.kill(InstanceId("a"))
    bench.settle(60.0)
    values = [value for point in told(bench) for value in point.values if value is not None]
    assert min(values) >= 0
    assert max(p.values[1] or 0.0 for p in told(bench) if p.subject == "instance") <= 100.0


def test_a_stranger_in_our_name_is_not_measured() -> None:
    bench = Bench()
    bench.boot("a", "b")
    bench.link.forget(bench.agent.ledger.own().key, "instance/b")
    bench.link.epoch += 1
    bench.settle(20.0)
    bench.link.samples.clear()
    bench.settle(20.0)
    assert {point.instance_id for point in told(bench)} == {"a"}


# --- control -----------------------------------------------------------------------------------


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    made = Cloud(tmp_path)
    made.settle()
    return made


def server(cloud: Cloud) -> Instance:
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image())
    made: Instance = run.run(cloud.house, cloud.call(), wish)[0]
    cloud.settle()
    return made


def levels(cloud: Cloud, one: InstanceId) -> list[float | None]:
    now = cloud.clock.now()
    found = cloud.house.series.read(one, ARCHIVES[0], now - 300, now, frozenset({"cpu.usage"}))
    return found[0].average if found else []


def test_what_a_host_measured_becomes_a_curve(cloud: Cloud) -> None:
    one = server(cloud)
    cloud.settle(300.0)
    curve = [value for value in levels(cloud, one.id) if value is not None]
    assert len(curve) >= 27
    assert all(0 < value <= one.vcpus for value in curve)


def test_points_of_what_is_not_on_the_host_are_dropped(cloud: Cloud) -> None:
    one = server(cloud)
    (host,) = cloud.store.read(lambda tx: tx.hosts.find(Query()))
    point = Point(InstanceId("another"), "disk/vda", cloud.clock.now(), (1.0,) * 4)
    mine = Point(one.id, "disk/vdz", cloud.clock.now(), (1.0,) * 4)
    names = {str(kind): held for kind, held in NAMES.items()}
    said = Samples(host_id=host.id, session=host.session, names=names, points=(point, mine))
    assert take_samples(cloud.house, (said,)) == ()
    heard = {(p.instance_id, p.subject) for p in cloud.house.series.newest(cloud.clock.now())}
    assert (one.id, "disk/vdz") in heard
    assert InstanceId("another") not in {instance for instance, _ in heard}


def test_an_old_session_tells_nothing(cloud: Cloud) -> None:
    link = LocalLink(cloud.house)
    said = Samples(host_id=HostId("h"), session=SessionId("old"), names={}, points=())
    with pytest.raises(Stale):
        link.sample(said)


def test_series_go_with_the_instances_row(cloud: Cloud) -> None:
    one = server(cloud)
    cloud.settle(120.0)
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle(600.0)
    assert cloud.house.series.instances() == {one.id}
    cloud.settle(3600.0 + 120.0)
    assert cloud.house.series.instances() == set()
