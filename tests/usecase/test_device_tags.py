"""Tags of nics and volumes: kept, shown by version, told to the guest, and gone with the device."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.usecase.test_nova_versions import Nova

from kumoi.core.devices import TaggedDevice
from kumoi.core.plan import InstanceEntry


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[Nova]:
    with asyncio.Runner() as runner:
        made = Nova(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()


def create(nova: Nova, minor: int, networks: Any, **more: Any) -> Any:
    image = nova.get(1, "/images")["images"][0]["id"]
    body = {"name": "b", "flavorRef": "1", "imageRef": image, "networks": networks, **more}
    return nova.ask(minor, "POST", "/servers", {"server": body})


def network(nova: Nova) -> str:
    found: str = nova.get(35, "/os-networks")["networks"][0]["id"]
    return found


def volume(nova: Nova) -> str:
    made: str = nova.ask(35, "POST", "/os-volumes", {"volume": {"size": 1}}).json()["volume"]["id"]
    nova.cloud.settle()
    return made


def devices(nova: Nova, server: str) -> tuple[TaggedDevice, ...]:
    """As the host is to tell the guest."""
    nova.cloud.settle()
    spec = nova.cloud.agent.ledger.own().spec(f"instance/{server}")
    assert isinstance(spec, InstanceEntry)
    return spec.guest.devices


def test_devices_of_a_new_server(nova: Nova) -> None:
    blank = {"source_type": "blank", "destination_type": "volume", "volume_size": 1, "tag": "data"}
    made = create(nova, 42, [{"uuid": network(nova), "tag": "inner"}], block_device_mapping_v2=[blank])
    assert made.status == 202, made.body
    server = made.json()["server"]["id"]
    nic, disk = devices(nova, server)
    assert (nic.kind, nic.tag, disk.kind, disk.tag) == ("nic", "inner", "disk", "data")
    shown = nova.get(70, f"/servers/{server}/os-interface")["interfaceAttachments"][0]
    assert (shown["tag"], shown["mac_addr"]) == ("inner", nic.name)
    attached = nova.get(70, f"/servers/{server}/os-volume_attachments")["volumeAttachments"][0]
    assert attached["tag"] == "data"
    assert attached["volumeId"].startswith(disk.name)
    assert "tag" not in nova.get(69, f"/servers/{server}/os-interface")["interfaceAttachments"][0]


def test_devices_that_are_put_in_and_taken_out(nova: Nova) -> None:
    server = create(nova, 42, "none").json()["server"]["id"]
    assert devices(nova, server) == ()
    wanted = {"interfaceAttachment": {"net_id": network(nova), "tag": "late"}}
    port = nova.ask(49, "POST", f"/servers/{server}/os-interface", wanted).json()["interfaceAttachment"]["port_id"]
    body = {"volumeAttachment": {"volumeId": (data := volume(nova)), "tag": "more"}}
    assert nova.ask(49, "POST", f"/servers/{server}/os-volume_attachments", body).status == 200
    assert [one.tag for one in devices(nova, server)] == ["late", "more"]
    assert nova.ask(49, "DELETE", f"/servers/{server}/os-interface/{port}").status == 202
    assert nova.ask(49, "DELETE", f"/servers/{server}/os-volume_attachments/{data}").status == 202
    assert devices(nova, server) == ()


@pytest.mark.parametrize("tag", ["", "a/b", "a,b", "x" * 61])
def test_what_is_no_tag(nova: Nova, tag: str) -> None:
    assert create(nova, 42, [{"uuid": network(nova), "tag": tag}]).status == 400


def test_tags_came_with_a_version(nova: Nova) -> None:
    assert create(nova, 31, [{"uuid": network(nova), "tag": "inner"}]).status == 400
    wanted = {"interfaceAttachment": {"net_id": network(nova), "tag": "late"}}
    assert nova.ask(48, "POST", f"/servers/{nova.id}/os-interface", wanted).status == 400
