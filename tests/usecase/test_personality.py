"""Files given to a server, as by Nova's clients until 2.56: bounded by quotas, told to the guest, gone by a rebuild."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.usecase.test_nova_versions import Nova

from kumoi.core.ids import InstanceId
from kumoi.core.plan import InstanceEntry


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[Nova]:
    with asyncio.Runner() as runner:
        made = Nova(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()


def file(path: str, content: bytes = b"hello") -> dict[str, str]:
    return {"path": path, "contents": base64.b64encode(content).decode()}


def create(nova: Nova, minor: int, *files: dict[str, str], **more: Any) -> Any:
    image = nova.get(1, "/images")["images"][0]["id"]
    body = {"name": "b", "flavorRef": "1", "imageRef": image, "personality": list(files), **more}
    return nova.ask(minor, "POST", "/servers", {"server": body})


def planned(nova: Nova, server: str) -> InstanceEntry:
    nova.cloud.settle()
    spec = nova.cloud.agent.ledger.own().spec(f"instance/{InstanceId(server)}")
    assert isinstance(spec, InstanceEntry)
    return spec


def test_files_reach_the_plan_and_ask_for_a_drive(nova: Nova) -> None:
    made = create(nova, 36, file("/etc/motd"), file("/etc/two", b"2"))
    assert made.status == 202, made.body
    entry = planned(nova, made.json()["server"]["id"])
    assert entry.guest.files == {"/etc/motd": "aGVsbG8=", "/etc/two": "Mg=="}
    assert entry.config_drive


def test_a_rebuild_has_its_own_files_or_none(nova: Nova) -> None:
    server = create(nova, 36, file("/etc/motd")).json()["server"]["id"]
    nova.cloud.settle()
    image = nova.get(1, "/images")["images"][0]["id"]
    for files in ([file("rebuilt")], []):
        body = {"rebuild": {"imageRef": image, "personality": files}}
        assert nova.ask(36, "POST", f"/servers/{server}/action", body).status == 202
        assert list(planned(nova, server).guest.files) == [f["path"] for f in files]
        nova.cloud.settle(90)


def test_too_much_is_refused_and_nothing_is_made(nova: Nova) -> None:
    absolute = nova.get(1, "/limits")["limits"]["absolute"]
    most, size = absolute["maxPersonality"], absolute["maxPersonalitySize"]
    before = len(nova.get(1, "/servers")["servers"])
    assert create(nova, 36, *(file(f"/{i}") for i in range(most + 1))).status == 403
    assert create(nova, 36, file("/big", bytes(size + 1))).status == 403
    assert create(nova, 36, file("/" + 255 * "x")).status == 403
    assert create(nova, 36, {"path": "/a", "contents": "not base64!"}).status == 400
    assert create(nova, 57, file("/a"), networks="none").status == 400
    assert len(nova.get(1, "/servers")["servers"]) == before


def test_limits_of_single_things_can_be_set(nova: Nova) -> None:
    sets, classes = f"/os-quota-sets/{nova.cloud.project}", "/os-quota-class-sets/default"
    assert nova.get(50, classes, "admin")["quota_class_set"]["injected_files"] == 5
    wished = {"quota_class_set": {"injected_files": 2, "metadata_items": 3}}
    assert nova.ask(50, "PUT", classes, wished, "admin").status == 200
    assert nova.get(50, sets)["quota_set"]["metadata_items"] == 3
    assert create(nova, 36, *(file(f"/{i}") for i in range(3))).status == 403
    many = {str(i): "x" for i in range(4)}
    assert create(nova, 36, metadata=many).status == 403
    assert nova.ask(36, "PUT", sets, {"quota_set": {"metadata_items": 4}}, "admin").status == 200
    assert create(nova, 36, metadata=many).status == 202
