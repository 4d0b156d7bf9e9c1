"""Decisions about the nics of a running guest."""

from hypothesis import given
from hypothesis import strategies as st

from kumoi.core.conditions import Blocked, Ready, Working
from kumoi.core.ids import InstanceId, NetworkId, NicId
from kumoi.core.nics import tap_name
from kumoi.core.plan import NicPlug
from kumoi.planning.host_diff.plugs import (
    ASK_EVERY_S,
    LET_GO_S,
    PlugAct,
    PlugDecision,
    Plugged,
    Surroundings,
    decide,
    recalled,
)

NOW = 1_700_000_000.0
NET = NetworkId("net")
A, B, C = "aaaaaaaa-11", "bbbbbbbb-22", "cccccccc-33"


def plug(nic: str, slot: int = 0) -> NicPlug:
    return NicPlug(nic_id=NicId(nic), network_id=NET, vni=1, mac="", mtu=1450, slot=slot)


def inside(nic: str, **changed: float) -> Plugged:
    return Plugged(tap=tap_name(NicId(nic)), nic_id=NicId(nic), network_id=NET, **changed)  # type: ignore[arg-type]


def code(decision: PlugDecision) -> str:
    condition = decision.condition
    return "" if isinstance(condition, Ready) else condition.code


def test_what_is_as_wished_is_left_alone() -> None:
    told = decide((plug(A),), (inside(A),), Surroundings(now=NOW))
    assert (told.acts, told.condition, told.again_s) == ((), Ready(), None)


def test_one_goes_out_before_another_comes_in() -> None:
    told = decide((plug(B, slot=1),), (inside(A),), Surroundings(now=NOW))
    assert told.acts == (PlugAct("detach_nic", f"tap{A}"), PlugAct("attach_nic", f"tap{B}"))
    assert code(told) == "nic_leaving"


def test_a_slot_is_not_given_twice() -> None:
    told = decide((plug(B),), (inside(A),), Surroundings(now=NOW))
    assert told.acts == (PlugAct("detach_nic", f"tap{A}"),)
    assert code(told) == "nic_slot_taken"


def test_a_guest_is_asked_again_and_blamed_in_the_end() -> None:
    plugged: tuple[Plugged, ...] = (inside(A),)
    asked = 0
    for second in range(int(LET_GO_S) + 1):
        told = decide((), plugged, Surroundings(now=NOW + second))
        asked, plugged = asked + len(told.acts), told.plugged
        assert isinstance(told.condition, Working if second < LET_GO_S else Blocked)
        assert told.again_s is not None
        assert told.again_s <= ASK_EVERY_S
    assert asked == LET_GO_S / ASK_EVERY_S + 1
    assert isinstance(told.condition, Blocked)
    assert (told.condition.code, told.condition.who_can_help) == ("guest_keeps_nic", "user")


def test_a_nic_that_is_wished_again_is_asked_for_no_more() -> None:
    leaving = decide((), (inside(A),), Surroundings(now=NOW)).plugged
    again = recalled((plug(A),), {f"tap{A}"}, leaving)
    told = decide((plug(A),), again, Surroundings(now=NOW + 1))
    assert (told.acts, told.condition) == ((), Ready())
    assert told.plugged[0].asked_at == 0.0


def test_nothing_goes_in_that_is_not_filtered_or_is_in_another_guest() -> None:
    for around, expected in (
        (Surroundings(now=NOW, lacking={f"nic/{A}"}), "waiting_for_network"),
        (Surroundings(now=NOW, lacking={f"network/{NET}"}), "waiting_for_network"),
        (Surroundings(now=NOW, held={f"tap{A}": InstanceId("other")}), "nic_held"),
    ):
        told = decide((plug(A),), (), around)
        assert (told.acts, code(told)) == ((), expected)


def test_what_is_lacking_for_one_holds_up_no_other() -> None:
    told = decide((plug(A), plug(B, slot=1)), (), Surroundings(now=NOW, lacking={f"nic/{A}"}))
    assert told.acts == (PlugAct("attach_nic", f"tap{B}"),)


def test_a_nic_of_which_nobody_knows_goes_by_its_name() -> None:
    plugged = recalled((), {f"tap{C}"}, ())
    assert decide((), plugged, Surroundings(now=NOW)).acts == (PlugAct("detach_nic", f"tap{C}"),)


NICS = st.sets(st.sampled_from([A, B, C]))


@given(NICS, NICS, st.booleans())
def test_an_obedient_guest_comes_to_what_is_wished(wished: set[str], first: set[str], deaf: bool) -> None:
    """Whatever it begins with; also one that does not hear the first time."""
    wanted = tuple(plug(nic, slot=0) if deaf else plug(nic, slot=sorted([A, B, C]).index(nic)) for nic in wished)
    wanted = wanted[:1] if deaf else wanted
    taps, known, now = {f"tap{nic}" for nic in first}, tuple(inside(nic) for nic in first), NOW
    for _ in range(20):
        known = recalled(wanted, taps, known)
        told = decide(wanted, known, Surroundings(now=now))
        known = told.plugged
        for act in told.acts:
            if act.verb == "attach_nic":
                taps.add(act.tap)
            elif not deaf or now > NOW + ASK_EVERY_S:
                taps.discard(act.tap)
        now += 1.0
    assert taps == {tap_name(one.nic_id) for one in wanted}
    assert decide(wanted, recalled(wanted, taps, known), Surroundings(now=now)).condition == Ready()
