"""Power, reboots, runs that end by themselves: counters, deadlines, and who ended what."""

from msgspec.structs import replace
from tests.usecase.agent_bench import OWN, Bench

from kumoi.core.conditions import Ready, Working
from kumoi.core.ids import InstanceId

WEB = InstanceId("web")


def machine(bench: Bench) -> tuple[str, int, int]:
    one = bench.world.machines[WEB]
    return one.power, one.run, one.resets


def code(bench: Bench) -> str:
    condition = bench.condition("web")
    return "" if isinstance(condition, Ready) else condition.code


def test_power_off_is_polite_and_said_to_be_the_plans() -> None:
    bench = Bench()
    bench.boot("web")
    bench.instance("web", power="off")
    bench.settle()
    told = bench.told("web")
    assert told is not None
    assert (told.power, told.runs_done, told.ended_by, told.condition) == ("off", 1, "plan", Ready())
    assert set(bench.world.roots) == {"web"}


def test_a_stubborn_guest_is_cut_at_its_deadline() -> None:
    bench = Bench()
    bench.world.stubborn.add(WEB)
    bench.boot("web")
    bench.instance("web", power="off")
    bench.settle(50.0)
    assert code(bench) == "stopping"
    assert bench.running() == {"web"}
    bench.settle(15.0)
    assert bench.running() == set()
    assert code(bench) == ""


def test_a_deadline_outlives_the_agent() -> None:
    bench = Bench()
    bench.world.stubborn.add(WEB)
    bench.boot("web")
    bench.instance("web", power="off")
    for _ in range(7):
        bench.settle(9.5)
        bench.restart()
    assert bench.running() == set()


def test_a_button_pressed_too_early_is_pressed_again() -> None:
    bench = Bench()
    bench.world.boot_s = 20.0
    bench.boot("web")
    bench.instance("web", power="off")
    bench.settle(10.0)
    assert bench.running() == {"web"}
    bench.settle(25.0)
    told = bench.told("web")
    assert told is not None
    assert (told.power, told.ended_by) == ("off", "plan")


def test_start_again_is_a_new_run() -> None:
    bench = Bench()
    bench.boot("web")
    bench.instance("web", power="off")
    bench.settle()
    bench.instance("web", power="on", run_wanted=2)
    bench.settle()
    assert bench.runs("web") == [1, 2]
    assert machine(bench) == ("running", 2, 0)


def test_a_changed_mind_during_a_stop_ends_running() -> None:
    bench = Bench()
    bench.world.stubborn.add(WEB)
    bench.boot("web")
    bench.instance("web", power="off")
    bench.settle(5.0)
    bench.instance("web", power="on", run_wanted=2)
    bench.settle(70.0)
    assert bench.runs("web") == [1]
    told = bench.told("web")
    assert told is not None
    assert (told.power, told.runs_done, told.condition) == ("running", 2, Ready())


def test_a_crashed_guest_runs_again_with_more_and_more_patience() -> None:
    bench = Bench()
    bench.boot("web")
    bench.world.kill(WEB)
    bench.settle(0.5)
    assert bench.running() == {"web"}
    for _ in range(4):
        bench.world.kill(WEB)
        bench.settle(0.1)
    assert bench.running() == set()
    assert code(bench) == "restarting"
    bench.settle(60.0)
    assert bench.running() == {"web"}
    assert set(bench.runs("web")) == {1}


def test_a_guest_that_ends_itself_stays_off_until_told() -> None:
    bench = Bench()
    bench.boot("web")
    bench.world.guest_powers_off(WEB)
    bench.settle(40.0)
    told = bench.told("web")
    assert told is not None
    assert (told.power, told.runs_done, told.ended_by) == ("off", 1, "guest")
    bench.restart()
    bench.settle(20.0)
    assert bench.running() == set()
    bench.instance("web", power="off")
    bench.settle()
    bench.instance("web", power="on", run_wanted=2)
    bench.settle()
    assert bench.running() == {"web"}


def test_a_soft_reboot_is_counted_when_the_guest_began_anew() -> None:
    bench = Bench()
    bench.boot("web")
    bench.instance("web", reboot_wanted=1)
    bench.settle()
    told = bench.told("web")
    assert told is not None
    assert (told.reboots_done, told.condition) == (1, Ready())
    assert machine(bench) == ("running", 1, 1)
    bench.restart()
    bench.settle(20.0)
    assert machine(bench) == ("running", 1, 1)


def test_a_stubborn_guest_is_reset_at_its_deadline() -> None:
    bench = Bench()
    bench.world.stubborn.add(WEB)
    bench.boot("web")
    bench.instance("web", reboot_wanted=1)
    bench.settle(30.0)
    assert code(bench) == "rebooting"
    bench.settle(40.0)
    assert machine(bench) == ("running", 1, 1)
    assert code(bench) == ""


def test_a_hard_reboot_does_not_ask() -> None:
    bench = Bench()
    bench.world.stubborn.add(WEB)
    bench.boot("web")
    bench.instance("web", reboot_wanted=1, reboot_hard=True)
    bench.settle()
    assert machine(bench) == ("running", 1, 1)


def test_a_guest_that_stops_when_asked_to_reboot_is_started() -> None:
    bench = Bench()
    bench.world.stubborn.add(WEB)
    bench.boot("web")
    bench.instance("web", reboot_wanted=1)
    bench.settle(5.0)
    bench.world.guest_powers_off(WEB)
    bench.settle()
    told = bench.told("web")
    assert told is not None
    assert (told.power, told.reboots_done, told.condition) == ("running", 1, Ready())


def test_a_start_makes_older_reboots_needless() -> None:
    bench = Bench()
    bench.network()
    bench.nic("web")
    bench.instance("web", reboot_wanted=3)
    bench.settle(20.0)
    assert machine(bench) == ("running", 1, 0)


def test_memories_lost_restart_nothing_that_runs() -> None:
    bench = Bench()
    bench.boot("web")
    entry = bench.instance("web", reboot_wanted=2)
    bench.settle()
    bench.notebook_journal.records.clear()
    bench.restart()
    bench.settle(20.0)
    assert machine(bench)[2] == 1
    bench.link.put(OWN, "instance/web", replace(entry, reboot_wanted=3))
    bench.settle()
    assert machine(bench)[2] == 2


def test_held_keeps_the_disk_and_runs_nothing() -> None:
    bench = Bench()
    bench.boot("web")
    bench.instance("web", mode="hold")
    bench.settle()
    assert bench.running() == set()
    assert set(bench.world.roots) == {"web"}


def test_since_is_when_the_reason_began() -> None:
    bench = Bench()
    bench.world.stubborn.add(WEB)
    bench.boot("web")
    bench.instance("web", power="off")
    bench.settle(2.0)
    first = bench.condition("web")
    bench.settle(40.0)
    assert isinstance(first, Working)
    later = bench.condition("web")
    assert isinstance(later, Working)
    assert first.since == later.since
