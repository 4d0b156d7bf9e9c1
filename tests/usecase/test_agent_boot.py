"""An instance entry becomes a running guest, and goes again without a trace."""

from tests.usecase.agent_bench import GROUP, LAYER, NET, OWN, Bench

from kumoi.core.conditions import Blocked, Ready, Working
from kumoi.core.ids import NetworkId, network_section


def test_an_entry_becomes_a_guest() -> None:
    bench = Bench()
    bench.boot("web")
    assert bench.running() == {"web"}
    assert bench.world.broken == []
    assert set(bench.world.segments) == {NET}
    assert set(bench.world.nics) == {"nic-web"}
    assert [g.id for g in bench.world.filters.groups] == [GROUP] if bench.world.filters else False
    assert set(bench.world.guests) == {"web"}
    assert [n.network.id for n in bench.world.networks] == [NET]
    told = bench.told("web")
    assert told is not None
    assert (told.power, told.runs_done, told.ended_by) == ("running", 1, "")
    assert told.condition == Ready()
    assert {t.entry for t in bench.report().things} == {f"network/{NET}", "nic/nic-web"}


def test_the_report_says_under_which_plan() -> None:
    bench = Bench()
    bench.boot("web")
    serial = bench.delete("web")
    bench.settle()
    report = bench.report()
    assert report.acted[OWN] == serial
    assert report.instances == ()
    assert report.things == ()
    assert network_section(NET) not in report.acted


def test_what_is_deleted_leaves_nothing() -> None:
    bench = Bench()
    bench.boot("web", "db")
    bench.delete("web")
    bench.settle()
    assert bench.running() == {"db"}
    assert set(bench.world.roots) == {"db"}
    assert set(bench.world.nics) == {"nic-db"}
    assert bench.world.broken == []
    bench.delete("db")
    bench.settle()
    assert (bench.world.machines, bench.world.roots, bench.world.segments, bench.world.nics) == ({}, {}, {}, {})
    assert bench.world.broken == []
    assert bench.agent.ledger.held() == [OWN]


def test_an_unchanged_world_is_told_at_heartbeats_only() -> None:
    bench = Bench()
    bench.boot("web")
    before = len(bench.link.reports)
    bench.settle(60.0)
    assert 4 <= len(bench.link.reports) - before <= 8


def test_a_guest_waits_for_its_network_and_says_so() -> None:
    bench = Bench()
    bench.instance("web")
    bench.settle()
    assert bench.running() == set()
    condition = bench.condition("web")
    assert isinstance(condition, Working)
    assert condition.code == "waiting_for_network"
    assert condition.facts == {"lacking": [f"network/{NET}", "nic/nic-web"]}
    bench.network()
    bench.nic("web")
    bench.settle()
    assert bench.running() == {"web"}


def test_what_fails_says_why_and_goes_on_trying() -> None:
    bench = Bench()
    bench.world.faults.failing["start"] = 8
    bench.boot("web")
    bench.settle(40.0)
    blocked = bench.condition("web")
    assert isinstance(blocked, Blocked)
    assert (blocked.code, blocked.retry, blocked.facts) == ("unavailable", True, {"layer": "compute", "what": "start"})
    bench.settle(300.0)
    assert bench.running() == {"web"}
    assert bench.condition("web") == Ready()


def test_a_router_is_drawn_on_its_networks_and_goes_before_them() -> None:
    bench = Bench()
    bench.network()
    bench.vpc()
    bench.settle()
    assert set(bench.world.vpcs) == {"vpc-1"}
    assert set(bench.world.segments) == {NET}
    bench.link.drop(OWN, "vpc/vpc-1")
    bench.settle()
    assert (bench.world.vpcs, bench.world.segments) == ({}, {})


def test_a_config_drive_is_made_when_wished() -> None:
    bench = Bench()
    bench.network()
    bench.nic("web")
    bench.instance("web", config_drive=True)
    bench.settle()
    assert bench.world.drives == {"web": {"name": b"web"}}


def test_only_so_many_start_at_the_same_time_and_all_start() -> None:
    bench = Bench()
    names = [f"g{n}" for n in range(8)]
    bench.boot(*names)
    assert bench.running() == set(names)


def test_layers_that_no_entry_names_are_let_go_in_time() -> None:
    bench = Bench()
    bench.boot("web")
    bench.world.layers["cd" * 32] = 1
    bench.settle(300.0)
    assert len(bench.world.layers) == 2
    bench.settle(400.0)
    assert set(bench.world.layers) == {LAYER.sha256}


def test_segments_of_strangers_are_left_alone() -> None:
    bench = Bench()
    bench.boot("web")
    other = bench.world.segments[NET]
    bench.world.segments[NetworkId("strange")] = other
    bench.world.foreign.append("somebody-elses")
    bench.settle(20.0)
    assert NetworkId("strange") in bench.world.segments
    assert {(s.kind, s.name) for s in bench.report().strays} == {("network", "strange"), ("machine", "somebody-elses")}
