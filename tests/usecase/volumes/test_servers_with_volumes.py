"""Servers and their volumes as Nova and Cinder speak of them: attached, booted from, and gone with."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.app.identity import tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.cmd.serve import tongues
from kumoi.runtime.settings import load


class Clients:
    """The demo user with both tongues; Nova at 2.1, the newest Cinder."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.cloud = cloud = Cloud(folder)
        spoken = tongues(cloud.house, load(folder, {}), lambda: self.app.waiters)
        self.app = Edge(spoken, now=cloud.clock.now, new_id=cloud.chance.uuid)
        who, scope = Who(user_id=cloud.call().actor.user_id), Scope(project_id=cloud.project)
        self._token = tokens.by_password(cloud.house, who, "d", scope).token
        cloud.settle()
        self.image = cloud.image()

    def ask(self, method: str, path: str, body: object = None, minor: int = 1) -> Answer:
        headers = [("x-auth-token", self._token), ("openstack-api-version", f"compute 2.{minor}")]
        sent = None if body is None else msgspec.json.encode(body)
        return self._runner.run(call(self.app, method, path, headers, sent))

    def do(self, status: int, method: str, path: str, body: object = None) -> Any:
        answer = self.ask(method, path, body)
        assert answer.status == status, answer.body
        self.cloud.settle()
        return answer.json() if answer.body else None

    def server(self, status: int = 202, **more: Any) -> str:
        made = self.do(status, "POST", "/compute/v2.1/servers", {"server": {"name": "s", "flavorRef": "1", **more}})
        found: str = made["server"]["id"] if status == 202 else ""
        return found

    def volume(self, **more: Any) -> str:
        found: str = self.do(202, "POST", "/volume/v3/volumes", {"volume": {"size": 1, **more}})["volume"]["id"]
        return found

    def shown(self, volume: str) -> Any:
        return self.do(200, "GET", f"/volume/v3/volumes/{volume}")["volume"]

    def told(self, server: str) -> Any:
        return self.do(200, "GET", f"/compute/v2.1/servers/{server}")["server"]

    def volumes_of(self, server: str) -> list[str]:
        return [one["id"] for one in self.told(server)["os-extended-volumes:volumes_attached"]]


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[Clients]:
    with asyncio.Runner() as runner:
        made = Clients(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()


def test_a_volume_goes_in_and_out_and_both_services_say_so(clients: Clients) -> None:
    server, volume = clients.server(imageRef=clients.image), clients.volume()
    path = f"/compute/v2.1/servers/{server}/os-volume_attachments"
    one = clients.do(200, "POST", path, {"volumeAttachment": {"volumeId": volume}})["volumeAttachment"]
    assert one == {"id": volume, "volumeId": volume, "serverId": server, "device": "/dev/vdb"}
    assert clients.do(200, "GET", path)["volumeAttachments"] == [one]
    assert clients.do(200, "GET", f"{path}/{volume}")["volumeAttachment"] == one
    assert clients.volumes_of(server) == [volume]
    assert clients.shown(volume)["status"] == "in-use"
    clients.do(400, "POST", path, {"volumeAttachment": {"volumeId": volume}})
    clients.do(501, "PUT", f"{path}/{volume}", {"volumeAttachment": {"volumeId": clients.volume()}})
    clients.do(202, "DELETE", f"{path}/{volume}")
    assert clients.volumes_of(server) == []
    assert clients.shown(volume)["status"] == "available"
    clients.do(404, "DELETE", f"{path}/{volume}")


@pytest.mark.parametrize("bad", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_what_is_no_volume_is_not_attached(clients: Clients, bad: str) -> None:
    server = clients.server(imageRef=clients.image)
    path = f"/compute/v2.1/servers/{server}/os-volume_attachments"
    assert clients.ask("POST", path, {"volumeAttachment": {"volumeId": bad}}).status in {400, 404}
    assert clients.do(200, "GET", path) == {"volumeAttachments": []}


def mapping(source: str, **more: Any) -> dict[str, Any]:
    return {"source_type": source, "destination_type": "volume", "boot_index": 0, **more}


def test_a_server_boots_from_a_volume_which_stays(clients: Clients) -> None:
    volume = clients.volume(imageRef=clients.image)
    server = clients.server(block_device_mapping_v2=[mapping("volume", uuid=volume)])
    told = clients.told(server)
    assert (told["status"], told["image"]) == ("ACTIVE", "")
    (one,) = clients.shown(volume)["attachments"]
    assert (one["device"], clients.shown(volume)["status"]) == ("/dev/vda", "in-use")
    path = f"/compute/v2.1/servers/{server}/os-volume_attachments"
    clients.do(400, "DELETE", f"{path}/{volume}")  # what it boots from
    clients.do(204, "DELETE", f"/compute/v2.1/servers/{server}")
    assert clients.shown(volume)["status"] == "available"


def test_volumes_are_made_with_their_server_and_go_with_it_where_that_was_wished(clients: Clients) -> None:
    first = clients.volume(imageRef=clients.image)
    snapshot = clients.do(202, "POST", "/volume/v3/snapshots", {"snapshot": {"volume_id": first}})["snapshot"]["id"]
    of_image = mapping("image", uuid=clients.image, volume_size=2, delete_on_termination=True)
    blank = mapping("blank", boot_index=-1, volume_size=3)
    server = clients.server(block_device_mapping_v2=[of_image, blank])
    root, data = clients.volumes_of(server)
    assert [clients.shown(v)["size"] for v in (root, data)] == [2, 3]
    assert clients.shown(root)["bootable"] == "true"
    other = clients.server(block_device_mapping_v2=[mapping("snapshot", uuid=snapshot)])
    assert clients.told(other)["status"] == "ACTIVE"
    clients.do(204, "DELETE", f"/compute/v2.1/servers/{server}")
    clients.do(404, "GET", f"/volume/v3/volumes/{root}")
    assert clients.shown(data)["status"] == "available"


def test_a_volume_may_be_deleted_as_soon_as_its_server_is(clients: Clients) -> None:
    volume = clients.volume(imageRef=clients.image)
    server = clients.server(block_device_mapping_v2=[mapping("volume", uuid=volume)])
    assert clients.ask("DELETE", f"/compute/v2.1/servers/{server}").status == 204
    clients.do(202, "DELETE", f"/volume/v3/volumes/{volume}")
    assert not clients.cloud.world.volumes
    pools = clients.cloud.store.read(lambda tx: tx.counters.under("pool/"))
    assert sum(counter.used for counter in pools) == 0


def test_mappings_that_are_none(clients: Clients) -> None:
    volume = clients.volume()
    for bad in (
        [mapping("volume", uuid=volume)],  # not bootable
        [mapping("blank", boot_index=-1, volume_size=1)],  # nothing to boot from
        [mapping("volume", uuid="x")],
        [mapping("nothing")],
        [mapping("volume", uuid=volume, boot_index="a")],
    ):
        clients.server(400, block_device_mapping_v2=bad)
    assert clients.shown(volume)["status"] == "available"
    assert clients.do(200, "GET", "/compute/v2.1/servers")["servers"] == []


def test_newer_novas_take_an_attachment_and_tell_more_of_it(clients: Clients) -> None:
    server = clients.server(imageRef=clients.image)
    first, second = clients.volume(), clients.volume()
    path = f"/compute/v2.1/servers/{server}/os-volume_attachments"
    answers = {}
    for minor, volume in ((100, first), (101, second)):
        answers[minor] = clients.ask("POST", path, {"volumeAttachment": {"volumeId": volume}}, minor)
        clients.cloud.settle()
    assert (answers[100].status, answers[101].status, answers[101].body) == (200, 202, b"")
    shown = clients.ask("GET", path, minor=89).json()["volumeAttachments"]
    assert {one["volumeId"] for one in shown} == {first, second}
    assert shown[0].keys() == {
        "serverId", "volumeId", "device", "tag", "delete_on_termination", "attachment_id", "bdm_uuid",
    }  # fmt: skip
