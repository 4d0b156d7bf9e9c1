"""Nova's elder words for volumes and snapshots, until 2.35, and volumes of a server that is on the shelf."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.usecase.test_nova_versions import Nova

from kumoi.app.instances import change, rest, shelve

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[Nova]:
    with asyncio.Runner() as runner:
        made = Nova(tmp_path, runner)
        change.lock(made.cloud.house, made.cloud.call(), made.id, locked=False)
        rest.unpause(made.cloud.house, made.cloud.call(), made.id)
        made.cloud.settle()
        yield made
        made.app.close()
        made.cloud.close()


def create(nova: Nova, name: str = "v", **more: Any) -> str:
    body = {"volume": {"size": 1, "display_name": name, "metadata": {"Type": "work"}, **more}}
    answer = nova.ask(35, "POST", "/os-volumes", body)
    assert answer.status == 200, answer.body
    nova.cloud.settle()
    made: str = answer.json()["volume"]["id"]
    return made


def test_a_volume_is_made_shown_listed_and_deleted(nova: Nova) -> None:
    first, second = create(nova), create(nova, "w")
    shown = nova.get(35, f"/os-volumes/{first}")["volume"]
    assert (shown["displayName"], shown["size"], shown["status"]) == ("v", 1, "available")
    assert (shown["metadata"], shown["attachments"]) == ({"Type": "work"}, [{}])
    assert {v["id"] for v in nova.get(35, "/os-volumes")["volumes"]} == {first, second}
    pages = [nova.get(35, f"/os-volumes/detail?limit=1&offset={n}")["volumes"] for n in range(3)]
    assert [len(page) for page in pages] == [1, 1, 0]
    assert nova.ask(35, "DELETE", f"/os-volumes/{first}").status == 202
    nova.cloud.settle()
    assert nova.ask(35, "GET", f"/os-volumes/{first}").status == 404
    assert nova.ask(36, "GET", "/os-volumes").status == 404


@pytest.mark.parametrize("size", ["#$%", "", "0", 0, -1])
def test_a_size_that_is_none(nova: Nova, size: Any) -> None:
    assert nova.ask(35, "POST", "/os-volumes", {"volume": {"size": size}}).status == 400


def test_nobody_is_no_volume(nova: Nova) -> None:
    for method, name in (("GET", NOBODY), ("DELETE", NOBODY), ("DELETE", "x"), ("GET", ""), ("DELETE", "")):
        for plural in ("os-volumes", "os-snapshots"):
            assert nova.ask(35, method, f"/{plural}/{name}").status == 404


def test_a_snapshot_is_made_shown_listed_and_deleted(nova: Nova) -> None:
    volume = create(nova)
    body = {"snapshot": {"volume_id": volume, "display_name": "s"}}
    made = nova.ask(35, "POST", "/os-snapshots", body).json()["snapshot"]
    nova.cloud.settle()
    shown = nova.get(35, f"/os-snapshots/{made['id']}")["snapshot"]
    assert (shown["volumeId"], shown["displayName"], shown["status"]) == (volume, "s", "available")
    assert [s["id"] for s in nova.get(35, "/os-snapshots/detail")["snapshots"]] == [made["id"]]
    assert nova.ask(35, "DELETE", f"/os-snapshots/{made['id']}").status == 202
    nova.cloud.settle()
    assert nova.get(35, "/os-snapshots")["snapshots"] == []


def test_a_server_on_the_shelf_takes_a_volume_and_wakes_with_it(nova: Nova) -> None:
    cloud, volume = nova.cloud, create(nova)
    shelve.shelve(cloud.house, cloud.call(), nova.id)
    cloud.settle(90)
    assert nova.server(35)["status"] == "SHELVED_OFFLOADED"
    path = f"/servers/{nova.id}/os-volume_attachments"
    assert nova.ask(35, "POST", path, {"volumeAttachment": {"volumeId": volume}}).status == 200
    shelve.unshelve(cloud.house, cloud.call(), nova.id)
    cloud.settle(90)
    assert nova.server(35)["status"] == "ACTIVE"
    attached = nova.get(35, f"/os-volumes/{volume}")["volume"]
    assert (attached["status"], attached["attachments"][0]["serverId"]) == ("in-use", nova.id)
    assert nova.ask(35, "DELETE", f"{path}/{volume}").status == 202
    cloud.settle(90)
    assert nova.get(35, f"/os-volumes/{volume}")["volume"]["status"] == "available"
