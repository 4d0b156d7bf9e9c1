"""Ranges of network numbers: whose networks get which, and what holds on to a range."""

from typing import Any

from tests.usecase.networks.conftest import PROJECTS, Neutron

ONE = PROJECTS["one"]


def made(neutron: Neutron, first: int, last: int, **more: Any) -> dict[str, Any]:
    wanted = {"minimum": first, "maximum": last, "network_type": "vxlan", **more}
    return dict(neutron.make("network-segment-ranges", "admin", **wanted))


def number(neutron: Neutron, network: str) -> int:
    return int(neutron.get(f"networks/{network}", "admin")["network"]["provider:segmentation_id"])


def test_a_projects_networks_get_its_numbers_first(neutron: Neutron) -> None:
    one = made(neutron, 100, 101, shared=False, project_id=ONE)
    assert (one["project_id"], one["shared"], one["available"]) == (ONE, False, [100, 101])
    networks = [neutron.make("networks")["id"] for _ in range(3)]
    numbers = [number(neutron, n) for n in networks]
    assert numbers[:2] == [100, 101]
    assert numbers[2] not in {100, 101}
    path = f"network-segment-ranges/{one['id']}"
    assert neutron.get(path, "admin")["network_segment_range"]["used"] == {"100": ONE, "101": ONE}
    smaller = {"network_segment_range": {"minimum": 101}}
    assert neutron.refused("PUT", path, smaller, who="admin") == (409, "NetworkSegmentRangeReferencedByProject")
    assert neutron.refused("DELETE", path, who="admin")[0] == 409
    neutron.drop(f"networks/{networks[0]}")
    assert neutron.ask("PUT", path, {"network_segment_range": {"minimum": 101, "name": "b"}}, "admin").status == 200
    neutron.drop(f"networks/{networks[1]}")
    neutron.drop(path, who="admin")


def test_others_networks_do_not_get_them(neutron: Neutron) -> None:
    made(neutron, 1, 2**24 - 3, shared=False, project_id=PROJECTS["two"])
    left = {number(neutron, neutron.make("networks")["id"]) for _ in range(2)}
    assert left == {2**24 - 2, 2**24 - 1}
    assert neutron.refused("POST", "networks", {"network": {}}) == (503, "NoNetworkAvailable")


def test_ranges_do_not_overlap_and_are_the_providers(neutron: Neutron) -> None:
    made(neutron, 100, 200)
    wanted = {"network_segment_range": {"minimum": 200, "maximum": 300}}
    assert neutron.refused("POST", "network-segment-ranges", wanted, who="admin") == (
        409,
        "NetworkSegmentRangeOverlaps",
    )
    for first, last in ((0, 5), (9, 8), (1, 2**24)):
        wanted = {"network_segment_range": {"minimum": first, "maximum": last}}
        assert neutron.refused("POST", "network-segment-ranges", wanted, who="admin")[0] == 400
    assert neutron.refused("GET", "network-segment-ranges")[0] == 403
    assert neutron.refused("POST", "network-segment-ranges", wanted)[0] == 403
