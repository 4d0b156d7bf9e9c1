"""Backups as Cinder speaks of them: a host gives a copy, the store keeps it, and it is had back; and everything dying
meanwhile."""

import base64
from typing import Any

import msgspec
import pytest
from tests.machines.faulty_link import FaultyLink
from tests.usecase.cinder import Cinder
from tests.usecase.volumes.test_volumes import attach, greeted, make, server, shown, used

from kumoi.adapters.fake.world import Crash
from kumoi.app.instances.delete import delete
from kumoi.app.quotas import set_quota
from kumoi.app.why import explain
from kumoi.core.ids import VolumeId

__all__ = ["greeted"]
NOWHERE = "00000000-0000-4000-8000-000000000000"


def write(cinder: Cinder, volume: str, content: bytes) -> None:
    """As a guest would."""
    cinder.cloud.world.volumes[VolumeId(volume)].content = content


def content(cinder: Cinder, volume: str) -> bytes:
    return cinder.cloud.world.volumes[VolumeId(volume)].content


def ask(cinder: Cinder, volume: str, status: int = 202, who: str = "demo", **more: Any) -> Any:
    return cinder.do("POST", "/backups", {"backup": {"volume_id": volume, **more}}, status, who)


def backup(cinder: Cinder, volume: str, **more: Any) -> str:
    """The id of one that is there."""
    made: str = ask(cinder, volume, **more)["backup"]["id"]
    cinder.cloud.settle()
    assert of(cinder, made)["status"] == "available"
    return made


def of(cinder: Cinder, backup_id: str, who: str = "demo") -> Any:
    return cinder.get(f"/backups/{backup_id}", who)["backup"]


def restore(cinder: Cinder, backup_id: str, status: int = 202, **more: Any) -> Any:
    answer = cinder.do("POST", f"/backups/{backup_id}/restore", {"restore": more}, status, "demo")
    return answer["restore"] if status == 202 else answer


def test_what_a_volume_held_is_had_back_as_a_new_one(cinder: Cinder) -> None:
    volume = make(cinder, name="data", metadata={"a": "b"})
    write(cinder, volume, b"before")
    made = ask(cinder, volume, name="first", description="x", metadata={"k": "v"})["backup"]
    assert of(cinder, made["id"])["status"] == "creating"
    cinder.cloud.settle()
    write(cinder, volume, b"after")
    there = of(cinder, made["id"])
    assert (there["status"], there["size"], there["name"], there["volume_id"]) == ("available", 1, "first", volume)
    assert (there["object_count"], there["is_incremental"], there["metadata"]) == (1, False, {"k": "v"})
    assert shown(cinder, volume)["status"] == "available"
    done = restore(cinder, made["id"], name="back")
    assert of(cinder, made["id"])["status"] == "restoring"
    cinder.cloud.settle()
    assert content(cinder, done["volume_id"]) == b"before"
    assert content(cinder, volume) == b"after"
    back = shown(cinder, done["volume_id"])
    assert (back["status"], back["name"], back["metadata"], back["backup_id"]) == (
        "available", "back", {"a": "b"}, made["id"])  # fmt: skip
    assert of(cinder, made["id"])["status"] == "available"
    assert not cinder.cloud.world.copies
    assert not cinder.cloud.world.snapshots


def test_a_volume_that_there_is_becomes_what_it_was(cinder: Cinder) -> None:
    volume = make(cinder, size=2)
    write(cinder, volume, b"before")
    kept = backup(cinder, volume)
    write(cinder, volume, b"after")
    restore(cinder, kept, volume_id=volume)
    assert shown(cinder, volume)["status"] == "restoring-backup"
    cinder.cloud.settle()
    assert (shown(cinder, volume)["status"], of(cinder, kept)["status"]) == ("available", "available")
    assert content(cinder, volume) == b"before"
    write(cinder, volume, b"again")
    restore(cinder, kept, volume_id=volume)
    cinder.cloud.settle()
    assert content(cinder, volume) == b"before"


def test_a_volume_stands_still_until_its_copy_is_made(cinder: Cinder) -> None:
    """Else the second backup would be of what the first one holds."""
    volume = make(cinder)
    first = backup(cinder, volume)
    second = ask(cinder, volume)["backup"]["id"]
    restore(cinder, first, 400, volume_id=volume)
    cinder.cloud.settle()
    assert of(cinder, second)["status"] == "available"
    restore(cinder, first, volume_id=volume)


def test_an_increment_whose_parent_is_not_where_it_was_kept_ends_in_error(cinder: Cinder) -> None:
    volume = make(cinder)
    backup(cinder, volume)
    for place in cinder.cloud.house.backups.places():
        cinder.cloud.house.backups.remove(place)
    made = ask(cinder, volume, incremental=True)["backup"]["id"]
    cinder.cloud.settle()
    assert of(cinder, made)["status"] == "error"


def test_a_guest_keeps_its_volume_while_it_is_backed_up(cinder: Cinder) -> None:
    volume = make(cinder)
    attach(cinder, server(cinder), volume)
    cinder.cloud.settle()
    ask(cinder, volume, 400)
    write(cinder, volume, b"running")
    kept = backup(cinder, volume, force=True)
    assert shown(cinder, volume)["status"] == "in-use"
    restore(cinder, kept, 400, volume_id=volume)
    done = restore(cinder, kept)
    cinder.cloud.settle()
    assert content(cinder, done["volume_id"]) == b"running"
    assert not cinder.cloud.world.broken


def test_of_a_snapshot_it_is_what_was_frozen(cinder: Cinder) -> None:
    volume, other = make(cinder), make(cinder)
    write(cinder, volume, b"then")
    body = {"snapshot": {"volume_id": volume}}
    snapshot = cinder.do("POST", "/snapshots", body, 202, "demo")["snapshot"]["id"]
    cinder.cloud.settle()
    write(cinder, volume, b"now")
    ask(cinder, other, 400, snapshot_id=snapshot)
    asked = ask(cinder, volume, snapshot_id=snapshot)["backup"]["id"]
    cinder.do("DELETE", f"/snapshots/{snapshot}", None, 400, "demo")
    cinder.cloud.settle()
    assert of(cinder, asked)["snapshot_id"] == snapshot
    done = restore(cinder, asked)
    cinder.cloud.settle()
    assert content(cinder, done["volume_id"]) == b"then"
    assert cinder.get(f"/snapshots/{snapshot}")["snapshot"]["status"] == "available"


def test_an_increment_stands_on_the_newest_of_its_project(cinder: Cinder) -> None:
    volume = make(cinder)
    ask(cinder, volume, 400, incremental=True)
    first = backup(cinder, volume)
    ask(cinder, volume, 400, who="admin", incremental="perhaps")
    cinder.cloud.clock.advance(1.0)
    write(cinder, volume, b"more")
    second = backup(cinder, volume, incremental=True)
    assert (of(cinder, second)["is_incremental"], of(cinder, second)["object_count"]) == (True, 1)
    assert (of(cinder, first)["has_dependent_backups"], of(cinder, second)["has_dependent_backups"]) == (True, False)
    cinder.do("DELETE", f"/backups/{first}", None, 400, "demo")
    cinder.do("DELETE", f"/backups/{second}", None, 202, "demo")
    cinder.do("DELETE", f"/backups/{first}", None, 202, "demo")
    assert cinder.get("/backups")["backups"] == []
    cinder.cloud.settle(70.0)
    assert cinder.cloud.house.backups.places() == set()


def test_quota_is_taken_and_comes_back(cinder: Cinder) -> None:
    cloud, volume = cinder.cloud, make(cinder, size=2)
    set_quota(cloud.house, cloud.call(admin=True), cinder.project, {"backup_gigabytes": 3})
    kept = backup(cinder, volume)
    assert (used(cinder, "backups"), used(cinder, "backup_gigabytes")) == (1, 2)
    ask(cinder, volume, 413)
    limits = cinder.get("/limits")["limits"]["absolute"]
    assert (limits["totalBackupsUsed"], limits["totalBackupGigabytesUsed"]) == (1, 2)
    cinder.do("DELETE", f"/backups/{kept}", None, 202, "demo")
    assert (used(cinder, "backups"), used(cinder, "backup_gigabytes")) == (0, 0)


def test_lists_are_narrowed_and_counted(cinder: Cinder) -> None:
    volume, other = make(cinder), make(cinder)
    one, two = backup(cinder, volume, name="one", metadata={"k": "v"}), backup(cinder, other, name="two")
    listed = cinder.get("/backups/detail?sort=name:asc&limit=1&with_count=true")
    assert ([b["id"] for b in listed["backups"]], listed["count"]) == ([one], 2)
    assert "backups_links" in listed
    assert [b["id"] for b in cinder.get(f"/backups?volume_id={other}")["backups"]] == [two]
    assert [b["id"] for b in cinder.get("/backups?metadata=%7B'k':'v'%7D")["backups"]] == [one]
    assert cinder.get("/backups?status=error")["backups"] == []
    assert cinder.get("/backups", "other")["backups"] == []
    assert len(cinder.get("/backups/detail?all_tenants=1", "admin")["backups"]) == 2
    assert cinder.ask("other", "GET", f"/v3/backups/{one}").status == 404
    assert "os-backup-project-attr:project_id" in of(cinder, one, "admin")
    assert "os-backup-project-attr:project_id" not in of(cinder, one)
    assert cinder.ask("demo", "GET", "/v3/backups/detail", version="3.17").json()["backups"][0].keys().isdisjoint(
        {"metadata", "user_id"})  # fmt: skip


def test_words_are_changed(cinder: Cinder) -> None:
    kept = backup(cinder, make(cinder), name="a")
    body = {"backup": {"name": "b", "metadata": {"x": "y"}}}
    changed = cinder.do("PUT", f"/backups/{kept}", body, 200, "demo")["backup"]
    assert (changed["name"], changed["metadata"]) == ("b", {"x": "y"})
    assert cinder.ask("demo", "PUT", f"/v3/backups/{kept}", body, "3.8").status == 404
    cinder.do("PUT", f"/backups/{kept}", {"backup": {}}, 400, "demo")


def test_operators_have_the_last_word(cinder: Cinder) -> None:
    volume = make(cinder)
    kept = backup(cinder, volume)
    said = {"os-reset_status": {"status": "error"}}
    cinder.do("POST", f"/backups/{kept}/action", said, 403, "demo")
    cinder.do("POST", f"/backups/{kept}/action", said, 202)
    assert of(cinder, kept)["status"] == "error"
    restore(cinder, kept, 400)
    cinder.do("POST", f"/backups/{kept}/action", {"os-reset_status": {"status": "creating"}}, 400)
    cinder.do("POST", f"/backups/{kept}/action", {"os-reset_status": {"status": "available"}}, 202)
    assert of(cinder, kept)["status"] == "available"
    waiting = ask(cinder, volume)["backup"]["id"]
    cinder.do("DELETE", f"/backups/{waiting}", None, 400, "demo")
    cinder.do("DELETE", f"/volumes/{volume}", None, 400, "demo")
    cinder.do("POST", f"/backups/{waiting}/action", {"os-force_delete": None}, 202)
    assert cinder.ask("demo", "GET", f"/v3/backups/{waiting}").status == 404
    cinder.cloud.settle(70.0)
    assert not cinder.cloud.world.copies
    assert cinder.cloud.house.backups.places() == {kept}
    cinder.do("DELETE", f"/volumes/{volume}", None, 202, "demo")
    assert explain(cinder.cloud.house, cinder.cloud.call(), kept).status == "available"


def test_a_record_brings_back_what_was_forgotten(cinder: Cinder) -> None:
    volume = make(cinder)
    write(cinder, volume, b"kept")
    kept = backup(cinder, volume, name="mine")
    cinder.ask("demo", "GET", f"/v3/backups/{kept}/export_record")
    record = cinder.get(f"/backups/{kept}/export_record", "admin")["backup-record"]
    body = {"backup-record": record}
    cinder.do("POST", "/backups/import_record", body, 403, "demo")
    cinder.do("POST", "/backups/import_record", body, 409)  # it is here
    said = msgspec.json.decode(base64.b64decode(record["backup_url"]))
    again = "11111111-1111-4111-8111-111111111111"

    def of_other(**more: Any) -> Any:
        url = base64.b64encode(msgspec.json.encode({**said, **more})).decode()
        return {"backup-record": {**record, "backup_url": url}}

    cinder.do("POST", "/backups/import_record", of_other(id=again, place=NOWHERE), 404)
    cinder.do("POST", "/backups/import_record", of_other(id=again, place="../../etc"), 400)
    assert cinder.do("POST", "/backups/import_record", of_other(id=again), 201)["backup"]["id"] == again
    cinder.do("DELETE", f"/backups/{kept}", None, 202, "demo")
    cinder.cloud.settle(70.0)  # its bytes stay: the other one has them too
    done = restore(cinder, again)
    cinder.cloud.settle()
    assert content(cinder, done["volume_id"]) == b"kept"


def test_several_volumes_are_made_of_one_at_once(cinder: Cinder) -> None:
    volume = make(cinder, size=2)
    write(cinder, volume, b"seed")
    kept = backup(cinder, volume)
    body = {"volume": {"backup_id": kept, "size": 3}}
    made = [cinder.do("POST", "/volumes", body, 202, "demo")["volume"]["id"] for _ in range(3)]
    cinder.do("POST", "/volumes", {"volume": {"backup_id": kept, "size": 1}}, 400, "demo")
    cinder.do("DELETE", f"/backups/{kept}", None, 400, "demo")
    cinder.do("DELETE", f"/volumes/{made[2]}", None, 400, "demo")
    cinder.cloud.settle()
    assert [content(cinder, one) for one in made] == [b"seed"] * 3
    assert of(cinder, kept)["status"] == "available"
    cinder.do("DELETE", f"/backups/{kept}", None, 202, "demo")
    cinder.cloud.settle(70.0)
    assert [shown(cinder, one)["status"] for one in made] == ["available"] * 3


def test_a_backup_of_a_volume_that_goes_with_its_guest_ends(cinder: Cinder) -> None:
    volume, cloud = make(cinder), cinder.cloud
    attach(cinder, one := server(cinder), volume, delete_on_termination=True)
    cloud.settle()
    cloud.world.faults.failing["copy_volume"] = 1000
    waiting = ask(cinder, volume, force=True)["backup"]["id"]
    cloud.settle()
    delete(cloud.house, cloud.call(), one)
    cloud.settle(30.0)
    assert (of(cinder, waiting)["status"], of(cinder, waiting)["fail_reason"]) == (
        "error", "Its volume went before it was copied.")  # fmt: skip


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["backup", "restore", "replace"])
def test_whoever_dies_whenever_nothing_is_lost(cinder: Cinder, kind: str, done: bool) -> None:
    """The agent dies at its first act, its second, and so on, until one run needs no more of them."""
    cloud, number = cinder.cloud, 1
    volume = make(cinder)
    write(cinder, volume, b"kept")
    kept = backup(cinder, volume)
    while True:
        if kind == "replace":
            write(cinder, volume, b"after")
        cloud.world.faults.crash_in(number, done=done)
        asked = ask(cinder, volume)["backup"]["id"] if kind == "backup" else kept
        into = volume if kind == "replace" else None
        if kind != "backup":
            into = restore(cinder, kept, **({"volume_id": volume} if kind == "replace" else {}))["volume_id"]
        try:
            cloud.settle()
            break
        except Crash:
            cloud.world.faults.heal()
            cloud.restart_agent()
        cloud.settle()
        assert of(cinder, asked)["status"] == "available", number
        if kind == "backup":
            assert b"kept" in b"".join(cloud.house.backups.read(asked))
            cinder.do("DELETE", f"/backups/{asked}", None, 202, "demo")
        else:
            assert content(cinder, into) == b"kept", number
        if kind == "restore":
            cinder.do("DELETE", f"/volumes/{into}", None, 202, "demo")
            cloud.settle()
        number += 1
    assert number > 1
    assert not cloud.world.copies
    assert not cloud.world.broken


@pytest.mark.parametrize("lost", ["unheard", "unanswered"])
def test_a_lost_gift_costs_time_and_nothing_else(cinder: Cinder, lost: str) -> None:
    cloud, volume = cinder.cloud, make(cinder)
    write(cinder, volume, b"kept")
    link = FaultyLink(cloud.link)
    cloud.link = link
    cloud.restart_agent()
    cloud.settle()
    getattr(link, lost)["give"] = 2
    made = ask(cinder, volume)["backup"]["id"]
    cloud.settle(120.0)
    assert of(cinder, made)["status"] == "available"
    assert not cloud.world.copies
