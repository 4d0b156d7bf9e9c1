"""What Nova's microversions since 2.75 show and take, over HTTP: the cloud and the paused server of
`test_nova_versions`."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.usecase.test_nova_versions import Nova

from kumoi.app import aggregates
from kumoi.app.instances import change, shelve
from kumoi.core.query import Query


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[Nova]:
    with asyncio.Runner() as runner:
        made = Nova(tmp_path, runner)
        change.lock(made.cloud.house, made.cloud.call(), made.id, locked=False)
        yield made
        made.app.close()
        made.cloud.close()


def put(nova: Nova, minor: int, **words: Any) -> Any:
    return nova.ask(minor, "PUT", f"/servers/{nova.id}", {"server": words})


def test_unknown_queries_are_refused_in_some_lists_and_then_everywhere(nova: Nova) -> None:
    for path, least in (("/servers?odd=1", 75), ("/flavors?odd=1", 75), ("/os-server-groups?odd=1", 75),
                        (f"/servers/{nova.id}?odd=1", 102), ("/os-availability-zone?odd=1", 102)):  # fmt: skip
        assert [nova.ask(minor, "GET", path).status for minor in (least - 1, least)] == [200, 400], path
    assert nova.ask(104, "GET", "/servers/detail?all_tenants=1&limit=2&sort_key=uuid", user="admin").status == 200
    assert [f["name"] for f in nova.get(102, "/flavors?name=m1.tiny")["flavors"]] == ["m1.tiny"]
    assert nova.ask(101, "GET", "/flavors?name=m1.tiny").status == 400


def test_a_change_shows_as_much_as_a_look(nova: Nova) -> None:
    shown = {minor: put(nova, minor, name="b").json()["server"].keys() for minor in (74, 75)}
    assert "OS-EXT-STS:vm_state" not in shown[74]
    assert shown[75] == nova.server(75).keys()
    assert put(nova, 104, odd=1).status == 400
    rebuild = {"rebuild": {"imageRef": nova.server(75)["image"]["id"]}}
    nova.ask(75, "POST", f"/servers/{nova.id}/action", {"unpause": None})
    nova.cloud.settle()
    rebuilt = nova.ask(75, "POST", f"/servers/{nova.id}/action", rebuild, "admin").json()["server"]
    admins = nova.get(75, f"/servers/{nova.id}", "admin")["server"].keys()
    assert rebuilt.keys() - {"adminPass", "user_data", "progress"} == admins - {
        "OS-EXT-SRV-ATTR:user_data", "progress",
    }  # fmt: skip
    assert nova.ask(75, "POST", f"/servers/{nova.id}/action", {"restore": None}).status == 409


def test_servers_grow_further(nova: Nova) -> None:
    grown = {minor: nova.server(minor).keys() for minor in (89, 90, 96, 100)}
    assert grown[90] - grown[89] == {"OS-EXT-SRV-ATTR:hostname"}
    assert grown[96] - grown[90] == {"pinned_availability_zone"}
    assert grown[100] - grown[96] == {"scheduler_hints"}
    assert "properties" not in nova.server(97)["image"]
    assert nova.server(98)["image"]["properties"] == {}
    assert nova.get(78, f"/servers/{nova.id}/topology") == {"nodes": [], "pagesize_kb": None}
    assert nova.ask(77, "GET", f"/servers/{nova.id}/topology").status == 404
    assert nova.get(97, f"/servers/{nova.id}/shares") == {"shares": []}


def test_flavors_lose_fields_and_their_specs_are_checked(nova: Nova) -> None:
    old, swap, new = (nova.get(minor, "/flavors/1")["flavor"] for minor in (74, 75, 102))
    assert (old["swap"], swap["swap"]) == ("", 0)
    assert swap.keys() - new.keys() == {"rxtx_factor", "OS-FLV-DISABLED:disabled"}
    path = "/flavors/1/os-extra_specs"
    for specs, fine in (
        ({"hw:cpu_policy": "shared", "mine:own": "x", "trait:HW_CPU_X86_AVX2": "required"}, True),
        ({"resources:VCPU": "2", "hw:numa_cpus.0": "0-3,^2"}, True),
        ({"hw:cpu_policy": "odd"}, False),
        ({"hw:odd": "1"}, False),
        ({"quota:cpu_shares": "-1"}, False),
    ):
        status = nova.ask(86, "POST", path, {"extra_specs": specs}, "admin").status
        assert status == (200 if fine else 400), specs
        assert nova.ask(85, "POST", path, {"extra_specs": specs}, "admin").status == 200


def test_hypervisors_leave_their_amounts_to_placement(nova: Nova) -> None:
    booted_at = nova.cloud.clock.now() - 3600
    nova.cloud.store.write(lambda tx: tx.hosts.save(replace(tx.hosts.find(Query())[0], booted_at=booted_at)))
    (before,), (after,) = (nova.get(m, "/os-hypervisors/detail", "admin")["hypervisors"] for m in (87, 88))
    assert before.keys() - after.keys() >= {"vcpus", "memory_mb_used", "cpu_info", "running_vms"}
    assert after["uptime"].endswith("up 0 days, 1:00")
    assert nova.ask(88, "GET", "/os-hypervisors/statistics", user="admin").status == 404
    (empty,) = nova.get(74, "/os-hypervisors?with_servers=true", "admin")["hypervisors"]
    assert [s["uuid"] for s in empty["servers"]] == [nova.id]
    assert nova.get(88, f"/os-hypervisors?limit=1&marker={after['id']}", "admin")["hypervisors"] == []


def test_hostnames_are_given(nova: Nova) -> None:
    assert put(nova, 89, hostname="web-1").status == 400
    assert put(nova, 90, hostname="web-1").json()["server"]["OS-EXT-SRV-ATTR:hostname"] == "web-1"
    assert [put(nova, minor, hostname="web.example.org").status for minor in (93, 94)] == [400, 200]
    body = {"name": "n", "flavorRef": "1", "imageRef": nova.server(90)["image"]["id"], "networks": "none",
            "hostname": "db", "min_count": 2}  # fmt: skip
    assert nova.ask(90, "POST", "/servers", {"server": body}).status == 202
    names = {s["OS-EXT-SRV-ATTR:hostname"] for s in nova.get(90, "/servers/detail?name=n-")["servers"]}
    assert names == {"db-1", "db-2"}


def test_a_server_is_pinned_to_its_own_zone_or_to_none(nova: Nova) -> None:
    assert nova.server(96)["pinned_availability_zone"] is None
    assert put(nova, 103, pinned_availability_zone="nova").status == 400
    assert put(nova, 104, pinned_availability_zone="east").status == 409
    assert put(nova, 104, pinned_availability_zone="nova").json()["server"]["pinned_availability_zone"] == "nova"
    assert put(nova, 104, pinned_availability_zone=None).json()["server"]["pinned_availability_zone"] is None


def test_off_the_shelf_into_its_own_place(nova: Nova) -> None:
    house, mine = nova.cloud.house, nova.cloud.call()
    shelve.shelve(house, mine, nova.id)
    nova.cloud.settle(90)
    assert nova.server(77)["status"] == "SHELVED_OFFLOADED"
    action = f"/servers/{nova.id}/action"
    aggregates.create(house, nova.cloud.call(admin=True), "a", "east")

    def off(minor: int, body: Any, user: str = "demo") -> int:
        return nova.ask(minor, "POST", action, {"unshelve": body}, user).status

    assert off(76, {"availability_zone": "nova"}) == 400
    assert off(90, {"host": "one"}, "admin") == 400
    assert off(91, {"host": "one"}) == 403
    assert off(91, {"host": "two"}, "admin") >= 400
    assert off(77, {"availability_zone": "east"}) >= 400
    assert off(91, {"availability_zone": "nova", "host": "one"}, "admin") == 202
    nova.cloud.settle(90)
    shown = nova.server(96)
    assert (shown["status"], shown["pinned_availability_zone"]) == ("ACTIVE", "nova")


def test_lists_know_novas_states(nova: Nova) -> None:
    def ids(minor: int, query: str, user: str = "demo") -> list[str]:
        return [s["id"] for s in nova.get(minor, f"/servers?{query}", user)["servers"]]

    assert ids(83, "vm_state=paused") == ids(83, "power_state=3") == [nova.id]
    assert ids(83, "vm_state=active") == []
    assert ids(82, "vm_state=active") == [nova.id]  # not a user's to ask before
    assert ids(82, "all_tenants=1&host=one", "admin") == [nova.id]
    assert ids(82, "all_tenants=1&host=two", "admin") == []


def test_keypairs_are_brought_and_consoles_refused_by_name(nova: Nova) -> None:
    wish = {"keypair": {"name": "me@home", "type": "ssh"}}
    assert [nova.ask(minor, "POST", "/os-keypairs", wish).status for minor in (91, 92)] == [201, 400]
    direct = {"remote_console": {"protocol": "spice", "type": "spice-direct"}}
    refused = nova.ask(99, "POST", f"/servers/{nova.id}/remote-consoles", direct)
    assert refused.status == 400
    assert b"spice-direct" in refused.body
