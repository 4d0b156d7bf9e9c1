"""Which hosts may have an instance, by what aggregates say of them and by where others are."""

import pytest

from kumoi.core.hosts import Capacity, Host
from kumoi.core.ids import HostId
from kumoi.planning.extra_specs import fits, meets
from kumoi.planning.neighbours import Neighbours, dropped_by, preferred
from kumoi.planning.scheduling import Room, Wanted, candidates, refusal

A, B, C = HostId("a"), HostId("b"), HostId("c")


@pytest.mark.parametrize(
    ("value", "wanted", "answer"),
    [
        ("ssd", "ssd", True),
        ("ssd", "hdd", False),
        ("8", "= 4", True),
        ("8", "== 8.0", True),
        ("8", "<= 4", False),
        ("many", ">= 4", False),
        ("ssd", "s== ssd", True),
        ("ssd", "s!= ssd", False),
        ("b", "s> a", True),
        ("aes avx", "<in> avx", True),
        ("aes avx", "<all-in> aes sse", False),
        ("nvme", "<or> ssd <or> nvme", True),
        ("hdd", "<or> ssd <or> nvme", False),
        ("x", "s==", False),
    ],
)
def test_operators_are_novas(value: str, wanted: str, *, answer: bool) -> None:
    assert fits(value, wanted) is answer


def test_only_specs_that_are_about_aggregates_count() -> None:
    said = {"disk": frozenset({"ssd", "nvme"})}
    assert meets({"aggregate_instance_extra_specs:disk": "nvme", "hw:cpu_policy": "dedicated"}, said)
    assert meets({"disk": "ssd"}, said)
    assert not meets({"disk": "hdd"}, said)
    assert not meets({"rack": "s!= 7"}, said)  # nothing is said of racks


@pytest.mark.parametrize(
    ("by", "dropped"),
    [
        (Neighbours(policy="affinity"), {}),
        (Neighbours(policy="affinity", here={A: 1}), {B: "affinity", C: "affinity"}),
        (Neighbours(policy="anti-affinity", here={A: 1}), {A: "anti_affinity"}),
        (Neighbours(policy="anti-affinity", here={A: 1}, most_per_host=2), {}),
        (Neighbours(policy="soft-affinity", here={A: 1}), {}),
        (Neighbours(beside=frozenset({B})), {A: "same_host", C: "same_host"}),
        (Neighbours(apart=frozenset({B})), {B: "different_host"}),
    ],
)
def test_neighbours_keep_some_hosts_away(by: Neighbours, dropped: dict[HostId, str]) -> None:
    assert {h: why for h in (A, B, C) if (why := dropped_by(h, by))} == dropped


def test_soft_policies_order_what_is_left() -> None:
    here = {B: 2, C: 1}
    assert preferred((A, B, C), Neighbours(policy="soft-affinity", here=here)) == [B, C, A]
    assert preferred((B, C, A), Neighbours(policy="soft-anti-affinity", here=here)) == [A, C, B]
    assert preferred((C, A, B), Neighbours(policy="affinity", here=here)) == [C, A, B]


def room(host_id: HostId, zone: str = "nova", **said: str) -> Room:
    host = Host(id=host_id, name=host_id, capacity=Capacity(vcpus=1, memory_mib=1, disk_gib=1), seen_at=100.0)
    return Room(host=host, free={}, zone=zone, said={k: frozenset(v.split(",")) for k, v in said.items()})


def test_a_refusal_names_what_dropped_each_host() -> None:
    rooms = [room(A), room(B, "east", filter_tenant_id="x,y"), room(C, "east", disk="ssd")]
    asked = Wanted(vcpus=1, memory_mib=1, disk_gib=1, zone="east", project_id="p", specs={"disk": "hdd"})
    assert candidates(rooms, asked, 100.0, lambda _n: 0) == []
    assert refusal(rooms, asked, 100.0)["dropped"] == ["extra_specs:1", "other_tenants:1", "zone:1"]
    theirs = Wanted(vcpus=1, memory_mib=1, disk_gib=1, zone="east", project_id="y")
    assert candidates(rooms, theirs, 100.0, lambda _n: 0) == [B, C]
