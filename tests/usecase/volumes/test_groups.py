"""Groups of volumes, and all of them at one moment, over the fake world."""

from typing import Any

import msgspec
import pytest
from tests.usecase.cinder import Cinder

from kumoi.core.plan import entry_id
from kumoi.core.query import Query, eq
from kumoi.core.volume_group_types import DEFAULT_GROUP_TYPE
from kumoi.core.volume_types import DEFAULT_TYPE


@pytest.fixture(autouse=True)
def greeted(cinder: Cinder) -> None:
    cinder.cloud.settle()


def group(cinder: Cinder, **more: Any) -> str:
    body = {"name": "g", "group_type": DEFAULT_GROUP_TYPE.id, "volume_types": [DEFAULT_TYPE.id], **more}
    made: str = cinder.do("POST", "/groups", {"group": body}, 202, "demo")["group"]["id"]
    return made


def volume(cinder: Cinder, **more: Any) -> str:
    made: str = cinder.do("POST", "/volumes", {"volume": {"size": 1, **more}}, 202, "demo")["volume"]["id"]
    cinder.cloud.settle()
    return made


def snapshot(cinder: Cinder, one: str, status: int = 202) -> str:
    body = {"group_snapshot": {"group_id": one, "name": "s"}}
    made = cinder.do("POST", "/group_snapshots", body, status, "demo")
    return str(made["group_snapshot"]["id"]) if status == 202 else ""


def members(cinder: Cinder, one: str) -> set[str]:
    return set(cinder.get(f"/groups/{one}?list_volume=true")["group"]["volumes"])


def test_volumes_are_made_in_a_group_put_in_and_taken_out(cinder: Cinder) -> None:
    one = group(cinder)
    first, second = volume(cinder, group_id=one), volume(cinder)
    assert cinder.get(f"/volumes/{first}")["volume"]["group_id"] == one
    assert members(cinder, one) == {first}
    change = {"name": "new", "add_volumes": second, "remove_volumes": first}
    cinder.do("PUT", f"/groups/{one}", {"group": change}, 202, "demo")
    shown = cinder.get(f"/groups/{one}?list_volume=true")["group"]
    assert (shown["name"], shown["status"], shown["volumes"]) == ("new", "available", [second])
    cinder.do("PUT", f"/groups/{one}", {"group": {"remove_volumes": first}}, 400, "demo")
    cinder.do("PUT", f"/groups/{group(cinder)}", {"group": {"add_volumes": second}}, 400, "demo")
    cinder.do("GET", f"/groups/{one}", status=404, who="other")


def test_a_group_takes_volumes_of_its_types_alone(cinder: Cinder) -> None:
    other = cinder.do("POST", "/types", {"volume_type": {"name": "fast"}})["volume_type"]["id"]
    one = group(cinder, volume_types=[other])
    cinder.do("POST", "/volumes", {"volume": {"size": 1, "group_id": one}}, 400, "demo")
    stranger = volume(cinder)
    cinder.do("PUT", f"/groups/{one}", {"group": {"add_volumes": stranger}}, 400, "demo")
    assert members(cinder, one) == set()


def test_all_volumes_of_a_group_are_taken_at_one_moment(cinder: Cinder) -> None:
    """Their snapshots bear one moment, by which the host freezes them in one act."""
    one = group(cinder)
    snapshot(cinder, one, 400)
    volumes = {volume(cinder, group_id=one), volume(cinder, group_id=one)}
    taken = snapshot(cinder, one)
    cinder.cloud.settle()
    shown = cinder.get(f"/group_snapshots/{taken}")["group_snapshot"]
    assert (shown["status"], shown["group_id"], shown["name"]) == ("available", one, "s")
    mine = [s for s in cinder.get("/snapshots/detail")["snapshots"] if s["group_snapshot_id"] == taken]
    assert {s["volume_id"] for s in mine} == volumes

    def moments(tx: Any) -> set[str]:
        (host,) = tx.hosts.find(Query())
        entries = (tx.sections.entry(f"host/{host.id}", entry_id("snapshot", s["id"])) for s in mine)
        return {msgspec.json.decode(entry.body)["moment"] for entry in entries}

    assert cinder.cloud.store.read(moments) == {taken}
    cinder.do("POST", f"/groups/{one}/action", {"delete": {"delete-volumes": True}}, 400, "demo")
    cinder.do("DELETE", f"/group_snapshots/{taken}", None, 202, "demo")
    assert cinder.get("/snapshots")["snapshots"] == []
    cinder.do("POST", f"/groups/{one}/action", {"delete": {"delete-volumes": False}}, 400, "demo")
    cinder.do("POST", f"/groups/{one}/action", {"delete": {"delete-volumes": True}}, 202, "demo")
    assert cinder.get("/volumes")["volumes"] == []
    assert cinder.get("/groups")["groups"] == []


@pytest.mark.parametrize("of_snapshot", [True, False])
def test_a_group_is_made_like_another(cinder: Cinder, of_snapshot: bool) -> None:
    one = group(cinder)
    volume(cinder, group_id=one, name="data")
    source = {"source_group_id": one}
    if of_snapshot:
        source = {"group_snapshot_id": snapshot(cinder, one)}
        cinder.cloud.settle()
    made = cinder.do("POST", "/groups/action", {"create-from-src": {"name": "like", **source}}, 202, "demo")["group"]
    cinder.cloud.settle()
    (copy,) = members(cinder, made["id"])
    shown = cinder.get(f"/volumes/{copy}")["volume"]
    assert (shown["name"], shown["status"], shown["group_id"]) == ("data", "available", made["id"])
    assert cinder.get(f"/groups/{made['id']}")["group"]["status"] == "available"


def test_a_quota_bounds_groups_and_comes_back(cinder: Cinder) -> None:
    cinder.do("PUT", f"/os-quota-sets/{cinder.project}", {"quota_set": {"groups": 1}})
    one = group(cinder)
    body = {"group": {"group_type": DEFAULT_GROUP_TYPE.id, "volume_types": [DEFAULT_TYPE.id]}}
    cinder.do("POST", "/groups", body, 413, "demo")
    cinder.do("POST", f"/groups/{one}/action", {"delete": {}}, 202, "demo")
    cinder.do("POST", "/groups", body, 202, "demo")


def test_an_operator_says_a_status_and_takes_it_back(cinder: Cinder) -> None:
    one = group(cinder)
    for status in ("error", "creating", "available"):
        cinder.do("POST", f"/groups/{one}/action", {"reset_status": {"status": status}}, 202)
        assert cinder.get(f"/groups/{one}")["group"]["status"] == status
    cinder.do("POST", f"/groups/{one}/action", {"reset_status": {"status": "error"}}, 403, "demo")
    cinder.do("POST", f"/groups/{one}/action", {"enable_replication": {}}, 501, "demo")


def test_a_type_that_has_volumes_or_groups_stays(cinder: Cinder) -> None:
    kind = cinder.do("POST", "/types", {"volume_type": {"name": "fast"}})["volume_type"]["id"]
    one = volume(cinder, volume_type="fast")
    cinder.do("DELETE", f"/types/{kind}", status=400)
    cinder.do("POST", f"/types/{kind}/extra_specs", {"extra_specs": {"a": "b"}}, 400)
    cinder.do("DELETE", f"/volumes/{one}", None, 202, "demo")
    cinder.do("DELETE", f"/types/{kind}", status=202)
    made = cinder.do("POST", "/group_types", {"group_type": {"name": "t"}}, 202)["group_type"]["id"]
    group(cinder, group_type=made)
    cinder.do("DELETE", f"/group_types/{made}", status=400)
    assert cinder.cloud.store.read(lambda tx: tx.volume_groups.find(Query(filters=(eq("type_id", made),))))
