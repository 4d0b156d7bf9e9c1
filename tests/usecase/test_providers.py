"""Placement's writes over HTTP: providers that clients make, in trees, what they have and who holds of it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.usecase.test_placement import NOBODY, Placement

ONE, TWO, THREE = (f"0000000{n}-0000-4000-8000-000000000000" for n in (1, 2, 3))
GROUP = "a0000000-0000-4000-8000-000000000000"


@pytest.fixture
def placement(tmp_path: Path) -> Iterator[Placement]:
    with asyncio.Runner() as runner:
        made = Placement(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()


def make(placement: Placement, row_id: str, name: str, has: dict[str, int], **more: Any) -> None:
    """A provider with so much of some classes, at generation 1."""
    made = placement.ask("/resource_providers", method="POST", body={"uuid": row_id, "name": name, **more})
    assert made.status == 200, made.body
    wanted = {"resource_provider_generation": 0, "inventories": {c: {"total": n} for c, n in has.items()}}
    placement.put(f"/resource_providers/{row_id}/inventories", wanted)


def hold(placement: Placement, consumer: str, of: str, generation: int | None = None, **amounts: int) -> int:
    body = {
        "allocations": {of: {"resources": amounts}}, "consumer_generation": generation, "consumer_type": "THING",
        "project_id": "p", "user_id": "u",
    }  # fmt: skip
    return placement.ask(f"/allocations/{consumer}", method="PUT", body=body).status


def code(placement: Placement, path: str, method: str, body: Any = None) -> tuple[int, str]:
    answer = placement.ask(path, method=method, body=body)
    return answer.status, answer.json()["errors"][0]["code"]


def test_providers_stand_in_trees(placement: Placement) -> None:
    make(placement, ONE, "top", {})
    make(placement, TWO, "below", {}, parent_provider_uuid=ONE)
    told = placement.get(f"/resource_providers/{TWO}")
    assert (told["parent_provider_uuid"], told["root_provider_uuid"], told["generation"]) == (ONE, ONE, 1)
    assert placement.names(f"in_tree={TWO}") == ["below", "top"]
    loop = placement.ask(f"/resource_providers/{ONE}", method="PUT", body={"name": "top", "parent_provider_uuid": TWO})
    assert loop.status == 400
    path = f"/resource_providers/{ONE}"
    assert code(placement, path, "DELETE") == (409, "placement.resource_provider.cannot_delete_parent")
    moved = {"name": "below", "parent_provider_uuid": placement.ids["one"]}
    assert placement.ask(f"/resource_providers/{TWO}", 36, method="PUT", body=moved).status == 400
    assert placement.put(f"/resource_providers/{TWO}", moved)["root_provider_uuid"] == placement.ids["one"]
    assert placement.ask(path, method="DELETE").status == 204
    again = {"name": "below"}
    assert code(placement, "/resource_providers", "POST", again) == (409, "placement.duplicate_name")


def test_an_inventory_changes_at_its_generation_and_not_under_who_holds_of_it(placement: Placement) -> None:
    make(placement, ONE, "disk", {"DISK_GB": 10})
    path = f"/resource_providers/{ONE}/inventories"
    stale = {"resource_provider_generation": 0, "inventories": {}}
    assert code(placement, path, "PUT", stale) == (409, "placement.concurrent_update")
    assert hold(placement, TWO, ONE, DISK_GB=4) == 204
    empty = {"resource_provider_generation": 2, "inventories": {}}
    assert code(placement, path, "PUT", empty) == (409, "placement.inventory.inuse")
    less = {"resource_provider_generation": 2, "total": 3}
    assert placement.put(f"{path}/DISK_GB", less)["total"] == 3
    assert hold(placement, TWO, ONE, 1, DISK_GB=5) == 409
    assert hold(placement, TWO, ONE, 1, DISK_GB=4) == 204  # no more than it was
    path = f"/resource_providers/{ONE}"
    assert code(placement, path, "DELETE") == (409, "placement.resource_provider.inuse")
    assert placement.ask(f"/allocations/{TWO}", method="DELETE").status == 204
    assert placement.ask(path, method="DELETE").status == 204


def test_two_who_want_the_last_of_it(placement: Placement) -> None:
    make(placement, ONE, "disk", {"DISK_GB": 10})
    assert [hold(placement, who, ONE, DISK_GB=6) for who in (TWO, THREE)] == [204, 409]
    assert hold(placement, TWO, ONE, DISK_GB=6) == 409  # it is no new consumer any more
    told = placement.get(f"/allocations/{TWO}")
    assert (told["consumer_generation"], told["consumer_type"], told["project_id"]) == (1, "THING", "p")
    assert placement.get(f"/resource_providers/{ONE}/usages")["usages"] == {"DISK_GB": 6}
    assert placement.get("/usages?project_id=p")["usages"] == {"THING": {"consumer_count": 1, "DISK_GB": 6}}
    assert placement.get(f"/allocations/{THREE}") == {"allocations": {}}


def test_what_a_client_holds_of_a_host_instances_do_not_get(placement: Placement) -> None:
    one = placement.ids["one"]
    assert hold(placement, TWO, one, MEMORY_MB=8192) == 409  # an instance holds some of it
    assert hold(placement, TWO, one, MEMORY_MB=7900) == 204
    assert placement.names("resources=MEMORY_MB:256") == ["two"]
    own = placement.server.id
    assert hold(placement, own, one, MEMORY_MB=1) == 409
    assert placement.ask(f"/allocations/{own}", method="DELETE").status == 409
    assert placement.get(f"/allocations/{own}")["allocations"][one]["resources"]["MEMORY_MB"] == 256


def test_several_consumers_change_at_once_or_none_does(placement: Placement) -> None:
    make(placement, ONE, "disk", {"DISK_GB": 10})
    assert hold(placement, TWO, ONE, DISK_GB=8) == 204
    owned = {"project_id": "p", "user_id": "u", "consumer_type": "THING"}
    entry = {"allocations": {ONE: {"resources": {"DISK_GB": 8}}}, "consumer_generation": None, **owned}
    swap = {THREE: entry, TWO: {"allocations": {}, "consumer_generation": 1, **owned}}
    wrong = swap | {NOBODY: entry}
    assert placement.ask("/allocations", method="POST", body=wrong).status == 409
    assert placement.get(f"/allocations/{TWO}")["allocations"][ONE]["resources"] == {"DISK_GB": 8}
    assert placement.ask("/allocations", method="POST", body=swap).status == 204
    assert placement.get(f"/allocations/{TWO}") == {"allocations": {}}
    assert placement.get(f"/allocations/{THREE}")["allocations"][ONE]["resources"] == {"DISK_GB": 8}


def test_what_is_held_moves_with_its_inventory(placement: Placement) -> None:
    make(placement, ONE, "top", {"DISK_GB": 10})
    make(placement, TWO, "below", {}, parent_provider_uuid=ONE)
    assert hold(placement, THREE, ONE, DISK_GB=8) == 204
    disk = {"total": 10}
    body = {
        "inventories": {
            ONE: {"resource_provider_generation": 2, "inventories": {}},
            TWO: {"resource_provider_generation": 1, "inventories": {"DISK_GB": disk}},
        },
        "allocations": {
            THREE: {
                "allocations": {TWO: {"resources": {"DISK_GB": 8}}}, "consumer_generation": 1, "project_id": "p",
                "user_id": "u", "consumer_type": "THING",
            },
        },
    }  # fmt: skip
    answer = placement.ask("/reshaper", method="POST", body=body)
    assert answer.status == 204, answer.body
    assert placement.get(f"/resource_providers/{ONE}/inventories")["inventories"] == {}
    assert placement.get(f"/resource_providers/{TWO}/usages")["usages"] == {"DISK_GB": 8}
    assert placement.ask("/reshaper", method="POST", body=body).status == 409


def test_candidates_of_trees_and_of_what_is_shared(placement: Placement) -> None:
    make(placement, ONE, "node", {"PCPU": 4})
    make(placement, TWO, "card", {"VGPU": 2}, parent_provider_uuid=ONE)
    make(placement, THREE, "store", {"IPV4_ADDRESS": 100})
    for row_id in (ONE, THREE):
        placement.put(
            f"/resource_providers/{row_id}/aggregates", {"aggregates": [GROUP], "resource_provider_generation": 1}
        )  # fmt: skip
    wanted = {"traits": ["MISC_SHARES_VIA_AGGREGATE"], "resource_provider_generation": 2}
    placement.put(f"/resource_providers/{THREE}/traits", wanted)
    found = placement.get("/allocation_candidates?resources=PCPU:1,VGPU:1,IPV4_ADDRESS:1")
    (request,) = found["allocation_requests"]
    assert request["allocations"] == {
        ONE: {"resources": {"PCPU": 1}}, TWO: {"resources": {"VGPU": 1}}, THREE: {"resources": {"IPV4_ADDRESS": 1}},
    }  # fmt: skip
    assert set(found["provider_summaries"]) == {ONE, TWO, THREE}
    assert placement.get("/allocation_candidates?resources=PCPU:1,VGPU:1", 28)["allocation_requests"] == []


def test_a_body_that_does_not_fit_is_told_in_the_words_that_clients_know(placement: Placement) -> None:
    for body, word in (
        ({}, "Failed validating 'required' in schema"),
        ({"name": "a" * 201}, "Failed validating 'maxLength' in schema['properties']['name']"),
        ({"name": "a", "uuid": "b"}, "'b' is not a 'uuid'"),
        ({"name": "a", "b": 1}, "Additional properties are not allowed ('b' was unexpected)"),
        ({"name": 1}, "1 is not of type 'string'"),
    ):
        answer = placement.ask("/resource_providers", method="POST", body=body)
        assert (answer.status, word in answer.json()["errors"][0]["detail"]) == (400, True), answer.body
    assert placement.ask("/resource_providers", method="POST").status == 415
