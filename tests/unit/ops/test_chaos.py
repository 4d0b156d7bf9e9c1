"""What chaos calls wrong, and that its dice fall the same way twice."""

from random import Random
from typing import Any

from kumoi.ops.chaos import faults
from kumoi.ops.chaos.audit import Row, World, wrong
from kumoi.ops.chaos.word import Ledger

FLAVOR = {"id": "1", "vcpus": 1, "ram": 64}


def server(**more: Any) -> Row:
    shown = {"id": "s", "tenant_id": "p", "status": "ACTIVE", "flavor": {"id": "1"}, "OS-EXT-STS:task_state": None}
    return {**shown, **more}


def port(**more: Any) -> Row:
    shown = {"id": "n", "project_id": "p", "device_owner": "compute:nova", "device_id": "s", "network_id": "w"}
    return {**shown, "mac_address": "02:00:00:00:00:01", "fixed_ips": [{"ip_address": "10.0.0.2"}], **more}


def world(**more: Any) -> World:
    """One server with one nic, all well."""
    counted = {"instances": {"in_use": 1}, "cores": {"in_use": 1}, "ram": {"in_use": 64}}
    parts: dict[str, Any] = {
        "servers": [server()],
        "ports": [port()],
        "floating_ips": [],
        "images": [{"id": "i", "status": "active"}],
        "volumes": [{"id": "v", "status": "available", "attachments": []}],
        "hosts": [{"name": "h", "state": "up", "troubles": [], "strays": []}],
        "links": [{"host": "h", "behind": {}}],
        "compute": counted,
        "network": {"floatingip": {"used": 0}, "port": {"used": 1}},
        "flavors": {"1": FLAVOR},
    }
    return World(**{**parts, **more})


def found(**more: Any) -> list[str]:
    return [finding.partition(":")[0] for finding in wrong(world(**more), "p")]


def test_a_cloud_that_is_well() -> None:
    assert found() == []


def test_what_is_on_its_way() -> None:
    assert found(servers=[server(**{"OS-EXT-STS:task_state": "spawning", "status": "BUILD"})]) == ["transient"]
    assert found(images=[{"id": "i", "status": "saving"}]) == ["transient"]
    assert found(links=[{"host": "h", "behind": {"host/h": 3}}]) == ["transient"]
    assert found(hosts=[{"name": "h", "state": "down", "troubles": [], "strays": []}]) == ["transient"]


def test_what_nobody_owns() -> None:
    assert found(ports=[port(device_id="gone")]) == ["orphan"]
    assert found(hosts=[{"name": "h", "state": "up", "troubles": [], "strays": ["domain/x"]}]) == ["orphan"]
    led = {"id": "f", "project_id": "p", "floating_ip_address": "192.0.2.1", "port_id": "gone"}
    assert found(floating_ips=[led], network={"floatingip": {"used": 1}, "port": {"used": 1}}) == ["orphan"]


def test_what_two_have() -> None:
    two = [port(), port(id="m", mac_address="02:00:00:00:00:02")]
    assert found(ports=two, network={"floatingip": {"used": 0}, "port": {"used": 2}}) == ["doubled"]


def test_counters_that_say_something_else() -> None:
    assert found(network={"floatingip": {"used": 0}, "port": {"used": 2}}) == ["account"]
    assert found(servers=[], ports=[], network={"floatingip": {"used": 0}, "port": {"used": 0}}) == ["account"] * 3


def test_a_word_that_was_given() -> None:
    ledger = Ledger()
    ledger.made_of("server", "s")
    ledger.made_of("image", "i", "s")
    before = ledger.leaving("s")
    assert ledger.made("image") == []  # it may go with what it was to be made of
    ledger.left(before, gone=False)
    assert ledger.made("server") == ["s"]
    first, second = ledger.leaving("s"), ledger.leaving("s")
    ledger.left(first, gone=True)
    ledger.left(second, gone=False)
    assert [p.said for p in ledger.all() if p.id == "s"] == ["gone"]


def test_the_same_seed_kills_alike() -> None:
    def drawn(seed: str) -> list[str]:
        dice = Random(seed)
        return [faults.draw(dice, ["serve", "agent"]) for _ in range(20)]

    assert drawn("1/1") == drawn("1/1")
    assert set(drawn("1/1")) == {"serve", "agent", faults.SUPERVISOR, faults.POWER}


def test_volumes_that_do_not_settle_or_are_in_what_is_gone() -> None:
    assert found(volumes=[{"id": "v", "status": "detaching", "attachments": []}]) == ["transient"]
    assert found(volumes=[{"id": "v", "status": "in-use", "attachments": [{"server_id": "gone"}]}]) == ["orphan"]


def test_of_a_cloud_that_was_set_back_only_what_had_not_changed_since_is_asked() -> None:
    ledger = Ledger()
    for thing in ("kept", "dropped", "gone"):
        ledger.made_of("server", thing)
    ledger.left(ledger.leaving("gone"), gone=True)
    mark = ledger.mark()
    ledger.made_of("server", "new")
    ledger.left(ledger.leaving("dropped"), gone=True)
    ledger.void_since(mark)
    assert {p.id: p.said for p in ledger.all()} == {"kept": "made", "gone": "gone"}


def test_a_seed_sets_back_now_and_then() -> None:
    assert 10 < sum(faults.sets_back(Random(f"1/{n}/back")) for n in range(100)) < 30
