"""Volumes as Cinder speaks of them, over the fake world: what is said is what the host has seen."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.usecase.cinder import Cinder

from kumoi.app.hosts.greet import greet
from kumoi.app.instances import run
from kumoi.app.instances.delete import delete
from kumoi.app.instances.power import stop
from kumoi.app.instances.wish import RunWish
from kumoi.app.quotas import set_quota
from kumoi.app.volumes import attaching
from kumoi.app.volumes.attaching import AttachWish
from kumoi.core.disks import PoolOffer
from kumoi.core.errors import InUse, KumoiError, WrongState
from kumoi.core.hosts import Capacity
from kumoi.core.ids import FlavorId, InstanceId, VolumeId
from kumoi.core.plan import Hello
from kumoi.core.storage_pools import pool_scope


@pytest.fixture(autouse=True)
def greeted(cinder: Cinder) -> None:
    """The one host has said what it has."""
    cinder.cloud.settle()


def make(cinder: Cinder, **more: Any) -> str:
    """The id of a new volume of 1 GiB, which its host has made."""
    body = {"volume": {"size": 1, **more}}
    made: str = cinder.do("POST", "/volumes", body, 202, "demo")["volume"]["id"]
    cinder.cloud.settle()
    return made


def shown(cinder: Cinder, volume: str, who: str = "demo") -> Any:
    return cinder.get(f"/volumes/{volume}", who)["volume"]


def act(cinder: Cinder, volume: str, body: Any, status: int = 202, who: str = "demo") -> Any:
    return cinder.do("POST", f"/volumes/{volume}/action", body, status, who)


def server(cinder: Cinder) -> InstanceId:
    cloud = cinder.cloud
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image())
    one = run.run(cloud.house, cloud.call(), wish)[0]
    cloud.settle()
    return one.id


def attach(cinder: Cinder, instance: InstanceId, volume: str, **more: Any) -> None:
    cloud = cinder.cloud
    attaching.attach(cloud.house, cloud.call(), instance, AttachWish(volume_id=VolumeId(volume), **more))


def used(cinder: Cinder, resource: str) -> int:
    quota = cinder.cloud.store.read(lambda tx: tx.counters.get(f"project/{cinder.project}", resource))
    return quota.used if quota is not None else 0


def promised(cinder: Cinder) -> int:
    """GiB of all pools."""
    return sum(c.used for c in cinder.cloud.store.read(lambda tx: tx.counters.under("pool/")))


# --- a life -------------------------------------------------------------------------------------------


def test_a_volume_is_available_when_its_host_has_made_it(cinder: Cinder) -> None:
    body = {"volume": {"size": 2, "name": "data", "metadata": {"a": "b"}}}
    made = cinder.do("POST", "/volumes", body, 202, "demo")["volume"]
    assert (made["status"], made["size"], made["bootable"]) == ("creating", 2, "false")
    cinder.cloud.settle()
    now = shown(cinder, made["id"])
    assert (now["status"], now["name"], now["metadata"]) == ("available", "data", {"a": "b"})
    assert list(cinder.cloud.world.volumes) == [made["id"]]
    assert cinder.get("/volumes/summary")["volume-summary"]["total_size"] == 2


def test_deleted_it_is_gone_at_once_and_its_room_when_that_is_proved(cinder: Cinder) -> None:
    volume = make(cinder)
    cinder.do("DELETE", f"/volumes/{volume}", None, 202, "demo")
    assert cinder.ask("demo", "GET", f"/v3/volumes/{volume}").status == 404
    assert (used(cinder, "volumes"), used(cinder, "gigabytes"), promised(cinder)) == (0, 0, 1)
    cinder.cloud.settle()
    assert promised(cinder) == 0
    assert not cinder.cloud.world.volumes


def test_it_only_grows(cinder: Cinder) -> None:
    volume = make(cinder)
    act(cinder, volume, {"os-extend": {"new_size": 3}})
    assert shown(cinder, volume)["status"] == "extending"
    cinder.cloud.settle()
    now = shown(cinder, volume)
    assert (now["status"], now["size"], used(cinder, "gigabytes"), promised(cinder)) == ("available", 3, 3, 3)
    for size in (3, 1, 0, "x", None):
        act(cinder, volume, {"os-extend": {"new_size": size}}, 400)


def test_what_it_is_made_of(cinder: Cinder) -> None:
    image = cinder.cloud.image()
    first = make(cinder, imageRef=image)
    now = shown(cinder, first)
    assert (now["bootable"], now["volume_image_metadata"]["image_id"]) == ("true", image)
    copy = make(cinder, source_volid=first, size=2)
    assert (shown(cinder, copy)["bootable"], shown(cinder, copy)["source_volid"]) == ("true", first)
    body = {"snapshot": {"volume_id": first, "name": "s"}}
    snapshot = cinder.do("POST", "/snapshots", body, 202, "demo")["snapshot"]
    assert snapshot["status"] == "creating"
    cinder.cloud.settle()
    assert cinder.get(f"/snapshots/{snapshot['id']}")["snapshot"]["status"] == "available"
    again = cinder.do("POST", "/volumes", {"volume": {"snapshot_id": snapshot["id"]}}, 202, "demo")["volume"]
    assert (again["size"], again["snapshot_id"]) == (1, snapshot["id"])
    cinder.cloud.settle()
    assert shown(cinder, again["id"])["status"] == "available"


def test_a_volume_with_snapshots_goes_only_with_them(cinder: Cinder) -> None:
    volume = make(cinder)
    cinder.do("POST", "/snapshots", {"snapshot": {"volume_id": volume}}, 202, "demo")
    cinder.cloud.settle()
    cinder.do("DELETE", f"/volumes/{volume}", None, 400, "demo")
    cinder.do("DELETE", f"/volumes/{volume}?cascade=true", None, 202, "demo")
    cinder.cloud.settle()
    assert cinder.get("/snapshots")["snapshots"] == []
    assert (used(cinder, "snapshots"), used(cinder, "gigabytes")) == (0, 0)
    assert not cinder.cloud.world.volumes


# --- in guests ----------------------------------------------------------------------------------------


def test_it_is_in_use_when_its_guest_has_it_and_free_when_it_has_it_no_more(cinder: Cinder) -> None:
    instance, volume = server(cinder), make(cinder)
    attach(cinder, instance, volume)
    assert shown(cinder, volume)["status"] == "attaching"
    cinder.cloud.settle()
    now = shown(cinder, volume)
    assert now["status"] == "in-use"
    (one,) = now["attachments"]
    assert (one["server_id"], one["device"]) == (instance, "/dev/vdb")
    cinder.do("DELETE", f"/volumes/{volume}", None, 400, "demo")
    attaching.detach(cinder.cloud.house, cinder.cloud.call(), instance, VolumeId(volume))
    assert shown(cinder, volume)["status"] == "detaching"
    cinder.cloud.settle()
    assert (shown(cinder, volume)["status"], shown(cinder, volume)["attachments"]) == ("available", [])


def test_in_a_guest_it_grows_and_is_frozen_unless_that_is_denied(cinder: Cinder) -> None:
    instance, volume = server(cinder), make(cinder)
    attach(cinder, instance, volume)
    cinder.cloud.settle()
    act(cinder, volume, {"os-extend": {"new_size": 2}})
    cinder.cloud.settle()
    assert (shown(cinder, volume)["status"], shown(cinder, volume)["size"]) == ("in-use", 2)
    denied = {"snapshot": {"volume_id": volume, "force": False}}
    assert cinder.ask("demo", "POST", "/v3/snapshots", denied, version="3.65").status == 400
    for version, force in (("3.0", {"force": True}), ("3.65", {}), ("", {})):
        body = {"snapshot": {"volume_id": volume, **force}}
        made = cinder.ask("demo", "POST", "/v3/snapshots", body, version=version).json()["snapshot"]["id"]
        cinder.cloud.settle()
        assert cinder.get(f"/snapshots/{made}")["snapshot"]["status"] == "available"


def test_nobody_else_gets_it_and_every_place_is_given_once(cinder: Cinder) -> None:
    instance, other, volume = server(cinder), server(cinder), make(cinder)
    attach(cinder, instance, volume, device="/dev/vdd")
    for another in (instance, other):
        with pytest.raises(KumoiError) as refused:
            attach(cinder, another, volume)
        assert isinstance(refused.value, WrongState | InUse)
    with pytest.raises(InUse):
        attach(cinder, instance, make(cinder), device="/dev/vdd")


def test_a_guest_that_is_off_starts_with_it(cinder: Cinder) -> None:
    instance, volume, cloud = server(cinder), make(cinder), cinder.cloud
    stop(cloud.house, cloud.call(), instance)
    cloud.settle()
    attach(cinder, instance, volume)
    assert shown(cinder, volume)["status"] == "in-use"
    attaching.detach(cloud.house, cloud.call(), instance, VolumeId(volume))
    cloud.settle()
    assert shown(cinder, volume)["status"] == "available"


def test_what_outlives_its_instance_and_what_does_not(cinder: Cinder) -> None:
    instance, kept, gone, cloud = server(cinder), make(cinder), make(cinder), cinder.cloud
    attach(cinder, instance, kept)
    attach(cinder, instance, gone, delete_on_termination=True)
    cloud.settle()
    delete(cloud.house, cloud.call(), instance)
    cloud.settle()
    assert shown(cinder, kept)["status"] == "available"
    assert cinder.ask("demo", "GET", f"/v3/volumes/{gone}").status == 404
    assert (used(cinder, "volumes"), promised(cinder)) == (1, 1)
    assert list(cloud.world.volumes) == [kept]


def test_an_agent_killed_at_any_step_leaves_nothing_half_done(cinder: Cinder) -> None:
    instance, volume, cloud = server(cinder), make(cinder), cinder.cloud
    attach(cinder, instance, volume)
    cloud.control_only()
    cloud.restart_agent()
    cloud.settle()
    assert shown(cinder, volume)["status"] == "in-use"
    attaching.detach(cloud.house, cloud.call(), instance, VolumeId(volume))
    cloud.restart_agent()
    cloud.settle()
    cinder.do("DELETE", f"/volumes/{volume}", None, 202, "demo")
    cloud.restart_agent()
    cloud.settle()
    assert (promised(cinder), list(cloud.world.volumes)) == (0, [])


# --- what clients keep themselves ---------------------------------------------------------------------


def test_a_client_may_keep_an_attachment_itself(cinder: Cinder) -> None:
    volume = make(cinder)
    act(cinder, volume, {"os-reserve": {}})
    assert shown(cinder, volume)["status"] == "attaching"
    act(cinder, volume, {"os-reserve": {}}, 400)
    act(cinder, volume, {"os-attach": {"host_name": "bare", "mountpoint": "/dev/sdz"}})
    now = shown(cinder, volume)
    assert (now["status"], now["attachments"][0]["host_name"]) == ("in-use", "bare")
    act(cinder, volume, {"os-begin_detaching": {}})
    act(cinder, volume, {"os-roll_detaching": {}})
    assert shown(cinder, volume)["status"] == "in-use"
    act(cinder, volume, {"os-detach": {}})
    assert (shown(cinder, volume)["status"], shown(cinder, volume)["attachments"]) == ("available", [])


def test_what_is_in_a_guest_is_not_torn_out_by_a_word(cinder: Cinder) -> None:
    instance, volume = server(cinder), make(cinder)
    attach(cinder, instance, volume)
    cinder.cloud.settle()
    act(cinder, volume, {"os-detach": {}}, 400)
    act(cinder, volume, {"os-force_detach": {}}, 400, "admin")
    act(cinder, volume, {"os-reset_status": {"status": "available"}}, 202, "admin")
    act(cinder, volume, {"os-force_delete": {}}, 400, "admin")
    assert shown(cinder, volume)["status"] == "in-use"


# --- who may, how much, and what is no volume ---------------------------------------------------------


def test_another_project_sees_and_changes_nothing(cinder: Cinder) -> None:
    volume = make(cinder)
    snapshot = cinder.do("POST", "/snapshots", {"snapshot": {"volume_id": volume}}, 202, "demo")["snapshot"]["id"]
    cinder.cloud.settle()
    for method, path, body in (
        ("GET", f"/volumes/{volume}", None),
        ("DELETE", f"/volumes/{volume}", None),
        ("PUT", f"/volumes/{volume}", {"volume": {"name": "x"}}),
        ("POST", f"/volumes/{volume}/action", {"os-extend": {"new_size": 5}}),
        ("GET", f"/snapshots/{snapshot}", None),
        ("DELETE", f"/snapshots/{snapshot}", None),
        ("POST", "/snapshots", {"snapshot": {"volume_id": volume}}),
        ("POST", "/volumes", {"volume": {"size": 1, "source_volid": volume}}),
    ):
        cinder.do(method, path, body, 404, "other")
    assert cinder.get("/volumes/detail?all_tenants=1", "other")["volumes"] == []
    assert [v["id"] for v in cinder.get("/volumes/detail?all_tenants=1", "admin")["volumes"]] == [volume]
    act(cinder, volume, {"os-reset_status": {"status": "error"}}, 403)
    assert shown(cinder, volume)["status"] == "available"


def test_quota_is_a_bound(cinder: Cinder) -> None:
    cloud = cinder.cloud
    set_quota(cloud.house, cloud.call(admin=True), cinder.project, {"volumes": 2, "gigabytes": 4, "snapshots": 1})
    first, _ = make(cinder, size=2), make(cinder)
    cinder.do("POST", "/volumes", {"volume": {"size": 1}}, 413, "demo")
    act(cinder, first, {"os-extend": {"new_size": 9}}, 413)
    cinder.do("POST", "/snapshots", {"snapshot": {"volume_id": first}}, 413, "demo")  # its gigabytes count
    assert (used(cinder, "volumes"), used(cinder, "gigabytes"), used(cinder, "snapshots")) == (2, 3, 0)


def test_a_volume_that_no_pool_takes_says_so(cinder: Cinder) -> None:
    cloud = cinder.cloud
    set_quota(cloud.house, cloud.call(admin=True), cinder.project, {"gigabytes": -1})
    volume = make(cinder, size=60000)
    assert shown(cinder, volume)["status"] == "error"
    pools = cloud.store.read(lambda tx: tx.counters.under("pool/"))
    assert [c.used for c in pools] == [0]
    assert pools[0].scope.startswith(pool_scope(f"{shown(cinder, volume, 'admin')['id']}")[:5])  # of a pool


@pytest.mark.parametrize("size", [0, -1, "", "#$%", None, 1.5, 10**10])
def test_sizes_that_are_none(cinder: Cinder, size: Any) -> None:
    cinder.do("POST", "/volumes", {"volume": {"size": size}}, 400, "demo")


def test_lists_are_filtered_sorted_and_paged(cinder: Cinder) -> None:
    ids = [make(cinder, name=f"n{i}", metadata={"k": str(i)}) for i in range(3)]
    first = cinder.get("/volumes?sort=name:asc&limit=2")
    assert [v["id"] for v in first["volumes"]] == ids[:2]
    assert first["volumes_links"][0]["rel"] == "next"
    rest = cinder.get(f"/volumes?sort=name:asc&limit=2&marker={ids[1]}")
    assert [v["id"] for v in rest["volumes"]] == ids[2:]
    assert [v["id"] for v in cinder.get("/volumes?name=n1")["volumes"]] == [ids[1]]
    assert [v["id"] for v in cinder.get("/volumes/detail?metadata=%7B'k':+'2'%7D")["volumes"]] == [ids[2]]
    assert cinder.get("/volumes?status=error")["volumes"] == []
    assert len(cinder.get("/volumes?status=available&bootable=false")["volumes"]) == 3
    for bad in ("limit=-1", "sort=nothing", "metadata=open('x')", "bootable=maybe", f"marker={'0' * 8}"):
        assert cinder.ask("demo", "GET", f"/v3/volumes?{bad}").status in {400, 404}


def test_words_and_labels(cinder: Cinder) -> None:
    volume = make(cinder, metadata={"a": "1"})
    path = f"/volumes/{volume}/metadata"
    assert cinder.do("POST", path, {"metadata": {"b": "2"}}, who="demo") == {"metadata": {"a": "1", "b": "2"}}
    assert cinder.do("PUT", path, {"metadata": {"c": "3"}}, who="demo") == {"metadata": {"c": "3"}}
    cinder.do("PUT", f"{path}/d", {"meta": {"d": "4"}}, who="demo")
    assert cinder.get(f"{path}/d") == {"meta": {"d": "4"}}
    cinder.do("DELETE", f"{path}/d", who="demo")
    cinder.do("GET", f"{path}/d", None, 404, "demo")
    act(cinder, volume, {"os-set_image_metadata": {"metadata": {"os": "x"}}}, 200)
    act(cinder, volume, {"os-unset_image_metadata": {"key": "os"}}, 200)
    act(cinder, volume, {"os-unset_image_metadata": {"key": "os"}}, 404)
    act(cinder, volume, {"os-update_readonly_flag": {"readonly": True}})
    assert shown(cinder, volume)["metadata"]["readonly"] == "True"
    cinder.do("PUT", f"/volumes/{volume}", {"volume": {"name": "n", "description": "d"}}, who="demo")
    assert shown(cinder, volume)["name"] == "n"


@pytest.mark.parametrize(("overcommit", "fits"), [(1.0, False), (1.5, True)])
def test_a_pool_promises_as_often_as_the_settings_say(cinder: Cinder, overcommit: float, fits: bool) -> None:
    house = cinder.cloud.house
    chosen = replace(house, rules=replace(house.rules, pool_overcommit=overcommit))
    pool = PoolOffer(name="files", driver="fake", total_gib=100)
    size = Capacity(vcpus=8, memory_mib=8192, disk_gib=100)
    greet(chosen, Hello(name="one", boot_id="later", capacity=size, capabilities=(), pools=(pool,)))
    volume = make(cinder, size=101)
    assert (shown(cinder, volume)["status"] != "error") == fits
