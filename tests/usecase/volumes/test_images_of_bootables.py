"""An image of a server that boots from a volume: snapshots, a list of them, and servers made of that list."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.usecase.test_nova_versions import Nova

from kumoi.app.images import doors as images
from kumoi.app.instances.preview import preview
from kumoi.app.instances.run import run
from kumoi.app.instances.wish import RunWish
from kumoi.core.ids import FlavorId, ImageId


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[Nova]:
    with asyncio.Runner() as runner:
        made = Nova(tmp_path, runner)
        yield made
        made.app.close()
        made.cloud.close()


def create(nova: Nova, **more: Any) -> str:
    body = {"name": "b", "flavorRef": "1", "networks": "none", **more}
    answer = nova.ask(45, "POST", "/servers", {"server": body})
    assert answer.status == 202, answer.body
    nova.cloud.settle()
    made: str = answer.json()["server"]["id"]
    assert nova.get(45, f"/servers/{made}")["server"]["status"] == "ACTIVE"
    return made


def bootable(nova: Nova) -> str:
    """A server with two volumes: one of an image, and an empty one."""
    image = nova.get(1, "/images")["images"][0]["id"]
    root = {"source_type": "image", "uuid": image, "destination_type": "volume", "boot_index": 0, "volume_size": 2}
    blank = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    return create(nova, block_device_mapping_v2=[root, blank])


def imaged(nova: Nova, server: str) -> str:
    made = nova.ask(45, "POST", f"/servers/{server}/action", {"createImage": {"name": "golden"}})
    assert made.status == 202, made.body
    nova.cloud.settle()
    image: str = made.json()["image_id"]
    return image


def test_the_volumes_are_frozen_and_named_in_the_image(nova: Nova) -> None:
    image = nova.get(35, f"/images/{imaged(nova, bootable(nova))}")["image"]
    assert image["status"] == "ACTIVE"
    mapped = msgspec.json.decode(image["metadata"]["block_device_mapping"])
    assert [(one["boot_index"], one["volume_size"]) for one in mapped] == [(0, 2), (None, 1)]
    frozen = {s["id"]: s for s in nova.get(35, "/os-snapshots")["snapshots"]}
    assert {one["snapshot_id"] for one in mapped} == frozen.keys()
    assert {s["status"] for s in frozen.values()} == {"available"}


def test_a_server_made_of_it_gets_volumes_of_its_own(nova: Nova) -> None:
    first = bootable(nova)
    second = create(nova, imageRef=imaged(nova, first))
    attached = [
        {a["volumeId"] for a in nova.get(45, f"/servers/{one}/os-volume_attachments")["volumeAttachments"]}
        for one in (first, second)
    ]
    assert [len(of_one) for of_one in attached] == [2, 2]
    assert not attached[0] & attached[1]
    sizes = [nova.get(35, f"/os-volumes/{volume}")["volume"]["size"] for volume in attached[1]]
    assert sorted(sizes) == [1, 2]


def test_asked_again_it_is_what_was_made_whatever_became_of_the_image(nova: Nova) -> None:
    cloud, image = nova.cloud, imaged(nova, bootable(nova))
    wish = RunWish(name="c", flavor_id=FlavorId("1"), image_id=ImageId(image))
    assert preview(cloud.house, cloud.call(), wish).refusals == ()
    call = msgspec.structs.replace(cloud.call(), idempotency_key="once")
    (made,) = run(cloud.house, call, wish)
    images.delete(cloud.house, cloud.call(), ImageId(image))
    assert [one.id for one in run(cloud.house, call, wish)] == [made.id]


def test_rotated_backups_are_refused(nova: Nova) -> None:
    """Their volumes' snapshots would pile up."""
    server = bootable(nova)
    wish = {"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}}
    assert nova.ask(45, "POST", f"/servers/{server}/action", wish).status == 501


def test_a_list_that_is_none_is_refused(nova: Nova) -> None:
    cloud, image = nova.cloud, imaged(nova, bootable(nova))
    kept = cloud.store.read(lambda tx: tx.images.get(image))
    assert kept is not None
    broken = msgspec.structs.replace(kept, properties={**kept.properties, "block_device_mapping": "{"})
    cloud.store.write(lambda tx: tx.images.save(broken))
    body = {"name": "b", "flavorRef": "1", "networks": "none", "imageRef": image}
    assert nova.ask(45, "POST", "/servers", {"server": body}).status == 400


def test_who_cannot_be_moved_is_told_why_first(nova: Nova) -> None:
    """Nobody can yet; but a host that is not there, or a server that stands still, is the nearer reason."""
    action = f"/servers/{nova.id}/action"
    live = {"os-migrateLive": {"host": "nowhere", "block_migration": "auto"}}
    assert nova.ask(30, "POST", action, live, "admin").status == 400
    assert nova.ask(30, "POST", action, {"migrate": None}, "admin").status == 409  # it is paused, and locked
    assert nova.ask(30, "POST", action, {"migrate": None}).status == 403
