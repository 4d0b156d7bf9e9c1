"""Restarts, reboots, a dead control, lost and older plans: what a host does with what it holds."""

import msgspec
import pytest
from tests.usecase.agent_bench import NET, OWN, Bench

from kumoi.core.conditions import Working
from kumoi.core.errors import Stale
from kumoi.core.ids import InstanceId, NetworkId
from kumoi.core.plan import Ask, SectionDelta

WEB = InstanceId("web")


def test_a_restarted_agent_restarts_nothing() -> None:
    bench = Bench()
    bench.boot("web", "db")
    acts = bench.world.faults.acts
    bench.restart()
    bench.settle(30.0)
    assert bench.runs("web") == [1]
    assert bench.runs("db") == [1]
    assert bench.running() == {"web", "db"}
    assert bench.world.faults.acts > acts  # it did look after the network


def test_without_control_a_restarted_agent_goes_on_from_its_ledger() -> None:
    bench = Bench()
    bench.boot("web", "db")
    bench.link.dead = True
    bench.restart()
    bench.world.kill(WEB)
    bench.world.lose_networks()
    bench.settle(20.0)
    assert bench.running() == {"web", "db"}
    assert set(bench.world.segments) == {NET}
    assert set(bench.world.nics) == {"nic-web", "nic-db"}


def test_after_a_host_reboot_nothing_starts_before_control_was_heard() -> None:
    bench = Bench()
    bench.boot("web", "db")
    bench.link.dead = True
    bench.world.reboot("boot-2")
    bench.restart()
    bench.settle(120.0)
    assert bench.running() == set()
    # Meanwhile the instance was given to another host: the plan says absent here.
    bench.delete("web")
    bench.link.dead = False
    bench.settle(10.0)
    assert bench.running() == {"db"}
    assert bench.runs("web") == [1]


def test_a_host_reboot_is_no_crash_loop() -> None:
    bench = Bench()
    bench.boot("web")
    for number in range(5):
        bench.world.reboot(f"boot-{number + 2}")
        bench.restart()
        bench.settle(2.0)
        assert bench.running() == {"web"}


def test_a_machine_undefined_behind_our_back_comes_back() -> None:
    bench = Bench()
    bench.boot("web")
    bench.world.lose(WEB)
    bench.settle(15.0)
    assert bench.running() == {"web"}


def test_networks_flushed_behind_our_back_come_back() -> None:
    bench = Bench()
    bench.boot("web")
    bench.world.lose_networks()
    bench.settle(15.0)
    assert set(bench.world.segments) == {NET}
    assert set(bench.world.nics) == {"nic-web"}


def test_a_lost_session_is_greeted_anew() -> None:
    bench = Bench()
    bench.boot("web")
    bench.link.session = bench.link.session.__class__("somebody-elses")
    bench.settle(10.0)
    assert len(bench.link.hellos) == 2
    bench.delete("web")
    bench.settle(5.0)
    assert bench.running() == set()


def test_an_older_section_is_refused() -> None:
    bench = Bench()
    bench.boot("web")
    held = bench.agent.ledger.own()
    older = SectionDelta(key=OWN, serial=held.serial - 1, digest="", entries=(), whole=True)
    with pytest.raises(Stale):
        bench.agent.ledger.accept(bench.link.epoch, older)
    with pytest.raises(Stale):
        bench.agent.ledger.accept(bench.link.epoch - 1, older)
    assert bench.agent.ledger.own() is held


def test_a_restored_database_makes_newer_guests_strays_that_run_on() -> None:
    bench = Bench()
    bench.boot("web")
    backup = bench.link.backup()
    bench.nic("db")
    bench.instance("db")
    bench.settle()
    bench.link.restore(backup)
    bench.settle(20.0)
    assert bench.running() == {"web", "db"}
    assert set(bench.world.nics) == {"nic-web", "nic-db"}
    assert ("machine", "db") in {(s.kind, s.name) for s in bench.report().strays}
    assert bench.told("db") is None
    assert bench.report().halted == ""
    assert bench.world.broken == []


def test_many_guests_that_vanish_without_a_word_halt_the_host() -> None:
    bench = Bench()
    names = [f"g{n}" for n in range(5)]
    bench.boot(*names)
    for name in names[:3]:
        bench.link.forget(OWN, f"instance/{name}")
    bench.instance("more")  # the next delta shows that the digest does not agree
    bench.settle(10.0)
    assert bench.running() >= set(names)
    assert bench.report().halted == "entries_vanished"
    bench.restart()
    bench.settle(10.0)
    assert bench.running() >= set(names)


def test_a_user_may_delete_them_all() -> None:
    bench = Bench()
    names = [f"g{n}" for n in range(10)]
    bench.boot(*names)
    for name in names:
        bench.delete(name)
    bench.settle()
    assert bench.running() == set()
    assert bench.report().halted == ""
    assert bench.world.broken == []


def test_what_vanished_and_is_named_absent_later_goes() -> None:
    bench = Bench()
    bench.boot("web", "db")
    bench.link.forget(OWN, "instance/web")
    bench.instance("db", reboot_wanted=1)
    bench.settle(5.0)
    assert bench.running() == {"web", "db"}
    bench.delete("web")
    bench.settle(5.0)
    assert bench.running() == {"db"}
    assert set(bench.world.nics) == {"nic-db"}


def test_a_lost_report_is_told_again() -> None:
    bench = Bench()
    bench.link.lose_reports = 3
    bench.boot("web")
    bench.settle(30.0)
    told = bench.told("web")
    assert told is not None
    assert told.power == "running"


def test_a_console_is_read_for_who_asks() -> None:
    bench = Bench()
    bench.boot("web")
    bench.link.asks["one"] = Ask(id="one", kind="console", instance_id=WEB)
    bench.link.asks["two"] = Ask(id="two", kind="diagnostics", instance_id=WEB)
    bench.settle()
    assert bench.link.answers["one"].endswith(b"web login: ")
    assert msgspec.json.decode(bench.link.answers["two"])["power"] == "running"
    assert bench.link.asks == {}


def test_the_ledger_says_the_same_after_its_history_was_shortened() -> None:
    bench = Bench()
    bench.boot("web", "db")
    bench.world.faults.failing["remove_machine"] = 1000
    bench.delete("web")
    bench.settle(5.0)
    before = bench.agent.ledger
    before.shorten()
    bench.restart()
    after = bench.agent.ledger
    assert after.own().entries == before.own().entries
    assert after.before(OWN) == before.before(OWN) != {}
    assert set(after.held()) == set(before.held())
    bench.world.faults.heal()
    bench.settle(10.0)
    assert bench.running() == {"db"}


def test_condition_of_a_guest_waiting_for_control() -> None:
    bench = Bench()
    bench.boot("web")
    bench.world.reboot("boot-2")
    bench.link.dead = True
    bench.restart()
    bench.settle(5.0)
    condition = bench.agent.condition("web")
    assert isinstance(condition, Working)
    assert condition.code == "waiting_for_session"
    assert NetworkId(NET) in bench.world.segments  # networks may stand, guests may not
