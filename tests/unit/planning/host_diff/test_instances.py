"""Decisions about one instance, for any entry, sight and memory."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.usecase.agent_bench import LAYER, guest_data

from kumoi.core.conditions import Blocked, Ready, Working
from kumoi.core.disks import RootDisk
from kumoi.core.ids import InstanceId
from kumoi.core.plan import InstanceEntry
from kumoi.planning.host_diff.instances import (
    ATTEMPTS_BEFORE_BLOCKED,
    SOFT_S,
    Act,
    Decision,
    Gates,
    Memory,
    Sight,
    decide,
    decide_absent,
    failed,
)

NOW = 1_700_000_000.0
ENTRY = InstanceEntry(
    id=InstanceId("i"),
    mode="run",
    vcpus=1,
    memory_mib=64,
    root=RootDisk(layers=(LAYER,), size_gib=1),
    nics=(),
    power="on",
    run_wanted=1,
    reboot_wanted=0,
    reboot_hard=False,
    guest=guest_data("i"),
)
ENDS = st.sampled_from(["", "guest", "crash", "plan", "host"])
MOMENTS = st.one_of(st.just(0.0), st.floats(NOW - 1000, NOW))

entries = st.builds(
    lambda mode, power, run, reboot, hard: replace(
        ENTRY, mode=mode, power=power, run_wanted=run, reboot_wanted=reboot, reboot_hard=hard
    ),
    st.sampled_from(["run", "hold"]),
    st.sampled_from(["on", "off"]),
    st.integers(1, 4),
    st.integers(0, 3),
    st.booleans(),
)
sights = st.builds(
    lambda power, run, ended, resets, root: Sight(
        power=power,
        run=run,
        ended_by="" if power in {"running", "paused"} else ended,
        resets=resets,
        root=root or power != "missing",
    ),
    st.sampled_from(["running", "paused", "off", "missing"]),
    st.integers(0, 4),
    ENDS,
    st.integers(0, 3),
    st.booleans(),
)
memories = st.none() | st.builds(
    lambda run, ended, reboots, started, asked, at, crashes: Memory(
        run=run,
        ended_by=ended,
        reboots_done=reboots,
        started_at=started,
        asked=asked,
        asked_at=at if asked else 0.0,
        pressed_at=at if asked else 0.0,
        crashes=crashes,
    ),
    st.integers(0, 4),
    ENDS,
    st.integers(0, 3),
    MOMENTS,
    st.sampled_from(["", "stop", "reboot"]),
    MOMENTS,
    st.integers(0, 6),
)
gates = st.builds(
    lambda cleared, lacking: Gates(now=NOW, cleared=cleared, lacking=lacking),
    st.booleans(),
    st.sampled_from([(), ("nic/n",)]),
)


def wants_running(entry: InstanceEntry) -> bool:
    return entry.mode == "run" and entry.power == "on"


@given(entries, sights, memories, gates)
def test_nothing_is_done_without_a_reason(
    entry: InstanceEntry, sight: Sight, memory: Memory | None, gate: Gates
) -> None:
    decision = decide(entry, sight, memory, gate)
    acts = set(decision.acts)
    if "start" in acts:
        assert wants_running(entry)
        assert not sight.up
        assert gate.cleared
        assert not gate.lacking
    if acts & {"press_power", "cut_power"}:
        assert not wants_running(entry)
        assert sight.up
    if acts & {"press_reset", "reset"}:
        assert wants_running(entry)
        assert sight.up
    if isinstance(decision.condition, Ready):
        assert not acts
    assert not acts & {"remove_machine", "remove_root"}


@given(entries, sights, memories, gates)
def test_a_polite_request_comes_before_force(
    entry: InstanceEntry, sight: Sight, memory: Memory | None, gate: Gates
) -> None:
    decision = decide(entry, sight, memory, gate)
    if "cut_power" in decision.acts and sight.power == "running":
        assert memory is not None
        assert gate.now >= memory.asked_at + SOFT_S
    if "reset" in decision.acts and sight.power == "running" and not entry.reboot_hard:
        assert memory is not None
        assert gate.now >= memory.asked_at + SOFT_S


@given(entries, sights, memories, gates)
def test_deciding_again_on_what_was_kept_decides_the_same(
    entry: InstanceEntry, sight: Sight, memory: Memory | None, gate: Gates
) -> None:
    """Whoever dies between keeping and acting goes on where it was; only a button just pressed is not pressed again."""
    first = decide(entry, sight, memory, gate)
    again = decide(entry, sight, first.memory, gate)
    assert set(again.acts) == set(first.acts) - {"press_power", "press_reset"}
    assert again.condition == first.condition


@given(entries, sights, memories)
def test_obeying_leads_to_the_wish(entry: InstanceEntry, sight: Sight, memory: Memory | None) -> None:
    """Every act works, guests obey, time passes: it ends Ready, or off by its guest's own will."""
    now = NOW
    for _ in range(12):
        decision = decide(entry, sight, memory, Gates(now=now))
        memory = decision.memory
        for act in decision.acts:
            sight = obeyed(sight, act, entry)
        if decision.acts and decision.after is not None:
            memory = decision.after
        if not decision.acts and decision.again_s is None:
            break
        now += (decision.again_s or 0.0) if not decision.acts else 0.0
    if isinstance(decision.condition, Working):
        assert decision.condition.code == "ended_by_guest"
    elif isinstance(decision.condition, Blocked):
        assert decision.condition.code == "paused"
    else:
        assert sight.up == wants_running(entry)
        if wants_running(entry):
            assert memory.reboots_done == entry.reboot_wanted


def obeyed(sight: Sight, act: Act, entry: InstanceEntry) -> Sight:
    match act:
        case "start":
            return Sight(power="running", run=entry.run_wanted, resets=sight.resets, root=True)
        case "press_power":
            return replace(sight, power="off", ended_by="guest")
        case "cut_power":
            return replace(sight, power="off", ended_by="plan")
        case _:
            return replace(sight, power="running", resets=sight.resets + 1)


def ended(sight: Sight, memory: Memory, entry: InstanceEntry = ENTRY) -> Decision:
    return decide(entry, sight, memory, Gates(now=NOW))


def test_who_ended_a_run() -> None:
    off = Sight(power="off", run=1, root=True)
    ran = Memory(run=1, started_at=NOW - 10)
    assert ended(off, ran).memory.ended_by in {"crash", ""}
    assert ended(replace(off, ended_by="guest"), ran).memory.ended_by == "guest"
    asked = replace(ran, asked="stop", asked_at=NOW - 5)
    assert ended(replace(off, ended_by="guest"), asked, replace(ENTRY, power="off")).memory.ended_by == "plan"
    assert ended(replace(off, ended_by="crash"), asked, replace(ENTRY, power="off")).memory.ended_by == "crash"


def test_absent_takes_the_machine_before_its_disk() -> None:
    assert decide_absent(Sight(power="running", root=True), None).acts == ("remove_machine", "remove_root")
    assert decide_absent(Sight(root=True), None).acts == ("remove_root",)
    assert decide_absent(Sight(), None).condition == Ready()


def test_exhausted_attempts_are_blocked_and_go_on() -> None:
    few = failed("unavailable", {"layer": "storage"}, ATTEMPTS_BEFORE_BLOCKED - 1, NOW)
    many = failed("unavailable", {"layer": "storage"}, ATTEMPTS_BEFORE_BLOCKED, NOW)
    assert isinstance(few, Working)
    assert isinstance(many, Blocked)
    assert (many.code, many.facts, many.retry) == ("unavailable", {"layer": "storage"}, True)
