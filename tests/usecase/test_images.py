"""Images as Glance's tongue changes them: what may change, and changes that meet."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.api.edge.app import Edge
from kumoi.api.openstack import image as glance
from kumoi.api.openstack.catalog import Site
from kumoi.app.images import doors
from kumoi.core.ids import ImageId
from kumoi.core.images import Image

PATCH = ("content-type", "application/openstack-images-v2.1-json-patch")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def own_image(cloud: Cloud) -> Image:
    wish = Image(id=ImageId(cloud.chance.uuid()), project_id=cloud.project, name="mine", tags=("red",))
    return doors.create(cloud.house, cloud.call(), wish)


def patch(cloud: Cloud, image: Image, *operations: dict[str, object]) -> Answer:
    spoken = msgspec.structs.replace(glance.tongue(cloud.house, Site()), authenticate=lambda _: cloud.call().actor)
    app = Edge([spoken], now=cloud.clock.now, new_id=cloud.chance.uuid)
    body = msgspec.json.encode(operations)
    return asyncio.run(call(app, "PATCH", f"/image/v2/images/{image.id}", [PATCH], body))


@pytest.mark.parametrize("path", ["/name/-", "/min_disk/-", "/protected/-"])
def test_what_is_no_list_has_no_end_to_add_to(cloud: Cloud, path: str) -> None:
    assert patch(cloud, own_image(cloud), {"op": "add", "path": path, "value": "x"}).status == 400


def test_a_patch_adds_to_a_list_and_leaves_the_rest(cloud: Cloud) -> None:
    answer = patch(cloud, own_image(cloud), {"op": "add", "path": "/tags/-", "value": "blue"})
    assert answer.status == 200
    assert (answer.json()["tags"], answer.json()["name"]) == (["red", "blue"], "mine")


@pytest.mark.parametrize("path", ["/status", "/owner", "/checksum", "/created_at"])
def test_what_users_may_not_change_is_refused(cloud: Cloud, path: str) -> None:
    image = own_image(cloud)
    assert patch(cloud, image, {"op": "add", "path": path, "value": "active"}).status == 403
    assert doors.get(cloud.house, cloud.call(), image.id) == image


def test_a_change_is_made_of_the_image_as_it_is_by_then(cloud: Cloud) -> None:
    """Two clients that read the same image add a tag each: both stay, and neither is told of a conflict."""
    image = own_image(cloud)
    for tag in ("blue", "green"):
        doors.update(cloud.house, cloud.call(), image.id, lambda now, tag=tag: doors.ImageChange(tags=(*now.tags, tag)))
    assert doors.get(cloud.house, cloud.call(), image.id).tags == ("red", "blue", "green")


def test_nothing_but_a_users_fields_can_be_written(cloud: Cloud) -> None:
    fields = set(doors.ImageChange.__struct_fields__)
    kept = {"id", "status", "layer_id", "size_bytes", "checksum", "sha512", "generation", "deleted_at"}
    assert fields - {"places"} < set(Image.__struct_fields__)  # which become `locations` by rules of their own
    assert not fields & kept
    changed = doors.update(cloud.house, cloud.call(), own_image(cloud).id, lambda _: doors.ImageChange(name="new"))
    assert replace(changed, name="mine", generation=1) == replace(own_image(cloud), id=changed.id)
