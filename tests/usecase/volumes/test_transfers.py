"""Volumes that go from one project to another, and messages of those that came to nothing."""

from typing import Any

import pytest
from tests.usecase.cinder import Cinder

from kumoi.control.purge import Retention, purge
from kumoi.core.query import Query
from kumoi.core.volume_messages import KEPT_S


@pytest.fixture(autouse=True)
def greeted(cinder: Cinder) -> None:
    cinder.cloud.settle()


def volume(cinder: Cinder, **more: Any) -> str:
    made: str = cinder.do("POST", "/volumes", {"volume": {"size": 1, **more}}, 202, "demo")["volume"]["id"]
    cinder.cloud.settle()
    return made


def offer(cinder: Cinder, one: str, path: str = "/volume-transfers", **more: Any) -> dict[str, Any]:
    body = {"transfer": {"volume_id": one, **more}}
    made: dict[str, Any] = cinder.do("POST", path, body, 202, "demo")["transfer"]
    return made


def accept(cinder: Cinder, offered: dict[str, Any], status: int = 202, key: str = "") -> None:
    body = {"accept": {"auth_key": key or offered["auth_key"]}}
    cinder.do("POST", f"/volume-transfers/{offered['id']}/accept", body, status, "other")


def used(cinder: Cinder, project: str) -> tuple[int, int, int]:
    quota = cinder.get(f"/os-quota-sets/{project}?usage=True", "admin")["quota_set"]
    return quota["volumes"]["in_use"], quota["gigabytes"]["in_use"], quota["snapshots"]["in_use"]


def status(cinder: Cinder, one: str, who: str = "demo") -> str:
    found: str = cinder.get(f"/volumes/{one}", who)["volume"]["status"]
    return found


def test_a_volume_goes_to_who_has_the_key_with_the_quota_it_takes(cinder: Cinder) -> None:
    one = volume(cinder)
    cinder.do("POST", "/snapshots", {"snapshot": {"volume_id": one}}, 202, "demo")
    cinder.cloud.settle()
    offered = offer(cinder, one, name="t")
    assert status(cinder, one) == "awaiting-transfer"
    assert "auth_key" not in cinder.get(f"/volume-transfers/{offered['id']}")["transfer"]
    accept(cinder, offered, 403, "wrong")
    assert used(cinder, cinder.project) == (1, 2, 1)
    accept(cinder, offered)
    assert status(cinder, one, "other") == "available"
    assert used(cinder, cinder.project) == (0, 0, 0)
    assert used(cinder, cinder.other) == (1, 2, 1)
    cinder.do("GET", f"/volumes/{one}", status=404, who="demo")
    assert len(cinder.get("/snapshots", "other")["snapshots"]) == 1
    assert cinder.get("/volume-transfers")["transfers"] == []
    accept(cinder, offered, 404)


def test_it_may_be_taken_back(cinder: Cinder) -> None:
    one = volume(cinder)
    offered = offer(cinder, one, "/os-volume-transfer")
    cinder.do("POST", "/volume-transfers", {"transfer": {"volume_id": one}}, 400, "demo")
    assert [t["id"] for t in cinder.get("/os-volume-transfer/detail")["transfers"]] == [offered["id"]]
    cinder.do("DELETE", f"/os-volume-transfer/{offered['id']}", None, 404, "other")
    cinder.do("DELETE", f"/os-volume-transfer/{offered['id']}", None, 202, "demo")
    assert status(cinder, one) == "available"
    accept(cinder, offered, 404)


def test_who_has_no_quota_left_accepts_nothing(cinder: Cinder) -> None:
    one = volume(cinder)
    cinder.do("PUT", f"/os-quota-sets/{cinder.other}", {"quota_set": {"volumes": 0}})
    offered = offer(cinder, one)
    accept(cinder, offered, 413)
    assert (used(cinder, cinder.project), used(cinder, cinder.other)) == ((1, 1, 0), (0, 0, 0))
    assert status(cinder, one) == "awaiting-transfer"


def test_snapshots_may_stay(cinder: Cinder) -> None:
    one = volume(cinder)
    cinder.do("POST", "/snapshots", {"snapshot": {"volume_id": one}}, 202, "demo")
    cinder.cloud.settle()
    accept(cinder, offer(cinder, one, no_snapshots=True))
    assert (used(cinder, cinder.project), used(cinder, cinder.other)) == ((0, 1, 1), (1, 1, 0))


def test_a_message_says_why_no_pool_keeps_a_volume(cinder: Cinder) -> None:
    kind = {"name": "none", "extra_specs": {"volume_backend_name": "nowhere"}}
    cinder.do("POST", "/types", {"volume_type": kind})
    one = volume(cinder, volume_type="none")
    assert status(cinder, one) == "error"
    (told,) = cinder.get("/messages")["messages"]
    assert (told["resource_uuid"], told["event_id"]) == (one, "VOLUME_VOLUME_001_002")
    assert "capabilities:1" in told["user_message"]
    assert cinder.get(f"/messages/{told['id']}")["message"] == told
    assert cinder.get("/messages", "other")["messages"] == []
    cinder.do("GET", f"/messages/{told['id']}", status=404, who="other")
    cinder.do("DELETE", f"/messages/{told['id']}", None, 204, "demo")
    cinder.do("GET", f"/messages/{told['id']}", status=404, who="demo")


def test_a_message_ends_with_its_time(cinder: Cinder) -> None:
    cinder.do("POST", "/types", {"volume_type": {"name": "none", "extra_specs": {"no_such_word": "1"}}})
    volume(cinder, volume_type="none")
    cinder.cloud.clock.advance(KEPT_S)
    purge(cinder.cloud.house, Retention())
    assert cinder.cloud.store.read(lambda tx: tx.volume_messages.count(Query())) == 0
