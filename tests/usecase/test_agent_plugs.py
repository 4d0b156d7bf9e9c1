"""Nics that come and go while guests run: closed before open, nothing let go while it is plugged, nothing forgotten."""

from tests.usecase.agent_bench import GROUP, NET, OWN, Bench

from kumoi.core.conditions import Blocked, Condition, Ready
from kumoi.core.ids import InstanceId, NetworkId, NicId, network_section
from kumoi.core.nics import tap_name
from kumoi.core.plan import InstanceEntry, NicPlug

WEB, DB = InstanceId("web"), InstanceId("db")
OTHER = NetworkId("net-2")
MORE = "more"


def plug(name: str, network: NetworkId, slot: int) -> NicPlug:
    nic = NicId(f"nic-{name}")
    return NicPlug(nic_id=nic, network_id=network, vni=sum(network.encode()), mac="", mtu=1450, slot=slot)


def wished(bench: Bench, *names: str, instance: str = "web") -> None:
    """The instance has its own nic and these, of the second network."""
    own = plug(instance, NET, 0)
    bench.instance(instance, nics=(own, *(plug(name, OTHER, slot) for slot, name in enumerate(names, 1))))


def taps(bench: Bench, instance: InstanceId = WEB) -> set[str]:
    return set(bench.world.machines[instance].plugged)


def code(condition: Condition) -> str:
    return "" if isinstance(condition, Ready) else condition.code


def with_two_nics() -> Bench:
    bench = Bench()
    bench.boot("web")
    bench.network(OTHER)
    bench.nic(MORE, OTHER)
    wished(bench, MORE)
    bench.settle()
    return bench


def test_a_nic_goes_into_a_running_guest() -> None:
    bench = with_two_nics()
    assert taps(bench) == {"tapnic-web", "tapnic-more"}
    assert bench.runs("web") == [1]
    assert bench.condition("web") == Ready()
    assert set(bench.world.segments) == {NET, OTHER}


def test_a_nic_goes_out_and_its_network_with_it() -> None:
    bench = with_two_nics()
    wished(bench)
    bench.settle()
    assert taps(bench) == {"tapnic-web"}
    assert set(bench.world.nics) == {"nic-web"}
    assert set(bench.world.segments) == {NET}
    assert bench.runs("web") == [1]


def test_a_guest_that_clings_has_a_closed_nic_and_is_named() -> None:
    bench = with_two_nics()
    bench.world.clinging.add(WEB)
    bench.link.drop(network_section(OTHER), f"nic/nic-{MORE}")
    wished(bench)
    bench.settle(70.0)
    assert taps(bench) == {"tapnic-web", "tapnic-more"}
    assert not bench.world.nics[NicId("nic-more")].admin_up
    assert "nic/nic-more" in {thing.entry for thing in bench.report().things}, "its address is not free yet"
    condition = bench.condition("web")
    assert isinstance(condition, Blocked)
    assert (condition.code, condition.facts) == ("guest_keeps_nic", {"nics": ["nic-more"]})
    bench.world.clinging.clear()
    bench.settle(6.0)
    assert bench.condition("web") == Ready()
    assert set(bench.world.nics) == {"nic-web"}
    assert set(bench.world.segments) == {NET}


def test_what_the_guest_clings_to_outlives_the_agent() -> None:
    bench = with_two_nics()
    bench.world.clinging.add(WEB)
    bench.link.drop(network_section(OTHER), f"nic/nic-{MORE}")
    wished(bench)
    for _ in range(7):
        bench.settle(10.0)
        bench.restart()
    bench.settle()
    assert bench.world.broken == []
    assert code(bench.condition("web")) == "guest_keeps_nic"
    assert not bench.world.nics[NicId("nic-more")].admin_up


def test_a_nic_is_not_in_two_guests() -> None:
    bench = with_two_nics()
    bench.nic("db")
    bench.world.clinging.add(WEB)
    wished(bench)
    wished(bench, MORE, instance="db")
    bench.settle()
    assert bench.running() == {"web"}
    assert code(bench.condition("db")) == "nic_held"
    assert not bench.world.nics[NicId("nic-more")].admin_up, "the former guest speaks for it no more"
    bench.world.clinging.clear()
    bench.settle(12.0)
    assert (taps(bench), taps(bench, DB)) == ({"tapnic-web"}, {"tapnic-db", "tapnic-more"})
    assert bench.world.nics[NicId("nic-more")].admin_up


def test_a_nic_waits_for_its_filter() -> None:
    bench = Bench()
    bench.boot("web")
    wished(bench, MORE)
    bench.settle()
    assert taps(bench) == {"tapnic-web"}
    assert code(bench.condition("web")) == "waiting_for_network"
    bench.network(OTHER)
    bench.nic(MORE, OTHER, (GROUP,))
    bench.settle()
    assert taps(bench) == {"tapnic-web", "tapnic-more"}
    assert bench.world.broken == []


def test_an_attachment_that_fails_is_tried_again() -> None:
    bench = Bench()
    bench.boot("web")
    bench.world.faults.failing["attach_nic"] = 2
    bench.network(OTHER)
    bench.nic(MORE, OTHER)
    wished(bench, MORE)
    bench.settle(5.0)
    assert taps(bench) == {"tapnic-web", "tapnic-more"}


def test_a_guest_that_is_off_starts_with_what_is_wished() -> None:
    bench = with_two_nics()
    entry = bench.agent.ledger.own().spec("instance/web")
    assert isinstance(entry, InstanceEntry)
    bench.instance("web", power="off", nics=entry.nics[:1])
    bench.settle()
    bench.instance("web", power="on", run_wanted=2, nics=entry.nics)
    bench.settle()
    assert taps(bench) == {tap_name(one.nic_id) for one in entry.nics}
    assert bench.link.reports[-1].acted[OWN] == bench.agent.ledger.own().serial
