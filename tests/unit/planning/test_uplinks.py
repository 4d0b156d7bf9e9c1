"""Joining the machine's own network: which commands, and what is refused."""

import pytest

from kumoi.core.errors import InUse, Invalid, KumoiError, NotFound
from kumoi.planning import uplinks
from kumoi.planning.uplinks import Machine, MachineLink, MachineRoute

MACHINE = Machine(
    links=(
        MachineLink(name="lo", type="loopback"),
        MachineLink(name="eth0", mac="52:54:00:00:00:01", addresses=("192.0.2.2/24",)),
        MachineLink(name="eth1", master="br0"),
        MachineLink(name="br0", kind="bridge", filters=True),
        MachineLink(name="br1", kind="bridge"),
        MachineLink(name="ku-other"),
    ),
    routes=(
        MachineRoute(device="eth0", six=False, words=("default", "via", "192.0.2.1", "metric", "100")),
        MachineRoute(device="eth0", six=False, words=("192.0.2.1", "scope", "link")),
    ),
)


def test_a_filtering_bridge_is_told_the_vlans() -> None:
    change = uplinks.add(MACHINE, "br0", "office", (100, 101), 42)
    told = [c for c in change.do if c[0] == "bridge"]
    assert told == [("bridge", "vlan", "add", "dev", "ku-office", "vid", str(vlan)) for vlan in (100, 101)]
    assert ("ip", "link", "set", "ph-office", "netns", "42") in change.do
    assert change.undo == (("ip", "link", "delete", "ku-office"),)


def test_a_nics_addresses_and_routes_move_and_come_back() -> None:
    change = uplinks.add(MACHINE, "eth0", "office", (), 42)
    assert change.do[0][:4] == ("ip", "link", "add", "ku-office"), "the wire first: by it the timer knows"
    routes = [c for c in change.do if "route" in c]
    assert [c[3] for c in routes] == ["192.0.2.1", "default"], "those that others need first"
    assert routes[1] == ("ip", "route", "replace", *MACHINE.routes[0].words, "dev", "kb-office")
    assert ("ip", "address", "replace", "192.0.2.2/24", "dev", "eth0") in change.undo
    assert change.undo[-1] == ("ip", "link", "delete", "kb-office")


@pytest.mark.parametrize(
    ("device", "name", "vlans", "refusal"),
    [
        ("eth9", "office", (), NotFound),
        ("lo", "office", (), Invalid),
        ("ku-other", "office", (), Invalid),
        ("eth1", "office", (), InUse),
        ("eth0", "no name", (), Invalid),
        ("br1", "office", (100,), Invalid),
        ("br0", "office", (4095,), Invalid),
    ],
)
def test_what_cannot_be_joined_is_refused(
    device: str, name: str, vlans: tuple[int, ...], refusal: type[KumoiError]
) -> None:
    with pytest.raises(refusal):
        uplinks.add(MACHINE, device, name, vlans, 42)


def test_vlans_are_read() -> None:
    assert uplinks.vlans_in("") == ()
    assert uplinks.vlans_in("7,100-102,7") == (7, 100, 101, 102)
    for text in ("a", "1-", "5-4", "0", "4095", "1,,2"):
        with pytest.raises(Invalid):
            uplinks.vlans_in(text)


def test_the_timers_script_is_quoted() -> None:
    change = uplinks.add(MACHINE, "br1", "office", (), 42)
    script = uplinks.timer("office", change, 60)
    assert script.startswith("sleep 60\n")
    assert "ip link delete ku-office" in script
    assert uplinks.shell(("ip", "alias", "a b")) == "ip alias 'a b'"
