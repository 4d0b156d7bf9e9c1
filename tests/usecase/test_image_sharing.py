"""Whose images are shown to whom: members, hidden ones, owners, and what lists ask for. By Glance's own paths."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.usecase.glance import PATCH, Glance

from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.core.errors import Invalid
from kumoi.core.ids import FlavorId, ImageId


@pytest.fixture
def glance_(tmp_path: Path) -> Iterator[Glance]:
    made = Glance(tmp_path)
    yield made
    made.cloud.close()


def test_a_shared_image_is_seen_when_offered_and_listed_when_accepted(glance_: Glance) -> None:
    image = glance_.create(visibility="shared")["id"]
    members = f"/v2/images/{image}/members"
    assert glance_.ask("other", "GET", f"/v2/images/{image}").status == 404
    offered = glance_.ask("demo", "POST", members, {"member": glance_.other})
    assert (offered.status, offered.json()["status"]) == (200, "pending")
    assert glance_.ask("other", "GET", f"/v2/images/{image}").status == 200
    assert image not in glance_.listed("other")
    assert image in glance_.listed("other", "visibility=shared&member_status=pending")
    accepted = glance_.ask("other", "PUT", f"{members}/{glance_.other}", {"status": "accepted"})
    assert accepted.json()["status"] == "accepted"
    assert image in glance_.listed("other")
    assert glance_.ask("demo", "DELETE", f"{members}/{glance_.other}").status == 204
    assert image not in glance_.listed("other")
    assert glance_.ask("other", "GET", f"/v2/images/{image}").status == 404


def test_only_the_project_that_was_offered_it_answers_and_only_its_owner_offers(glance_: Glance) -> None:
    image = glance_.create(visibility="shared")["id"]
    members = f"/v2/images/{image}/members"
    glance_.ask("demo", "POST", members, {"member": glance_.other})
    assert glance_.ask("demo", "POST", members, {"member": glance_.other}).status == 409
    assert glance_.ask("demo", "PUT", f"{members}/{glance_.other}", {"status": "accepted"}).status == 403
    assert glance_.ask("other", "PUT", f"{members}/{glance_.other}", {"status": "perhaps"}).status == 400
    assert glance_.ask("other", "POST", members, {"member": "third"}).status == 403
    assert glance_.ask("other", "DELETE", f"{members}/{glance_.other}").status == 403
    private = glance_.create(visibility="private")["id"]
    assert glance_.ask("demo", "POST", f"/v2/images/{private}/members", {"member": glance_.other}).status == 403


def test_a_member_starts_instances_of_the_image(glance_: Glance) -> None:
    cloud = glance_.cloud
    cloud.settle()
    image = cloud.image(b"\1" * 4096)
    patch = [{"op": "replace", "path": "/visibility", "value": "shared"}]
    assert glance_.ask("admin", "PATCH", f"/v2/images/{image}", patch, PATCH).status == 200
    stranger = msgspec.structs.replace(cloud.call(), actor=glance_.actors["other"])
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=ImageId(image), nics=())
    with pytest.raises(Invalid):
        run.run(cloud.house, stranger, wish)
    glance_.ask("demo", "POST", f"/v2/images/{image}/members", {"member": glance_.other})
    assert run.run(cloud.house, stranger, wish)[0].image_id == image


def test_hidden_images_are_listed_to_who_asks_for_them(glance_: Glance) -> None:
    hidden = glance_.create(os_hidden=True)["id"]
    assert hidden not in glance_.listed("demo")
    assert hidden in glance_.listed("demo", "os_hidden=true")
    assert glance_.ask("demo", "GET", f"/v2/images/{hidden}").status == 200


def test_an_administrator_gives_an_image_to_another_project(glance_: Glance) -> None:
    given = glance_.create("admin", owner=glance_.other, visibility="private")
    assert given["owner"] == glance_.other
    assert given["id"] in glance_.listed("other")
    back = [{"op": "replace", "path": "/owner", "value": glance_.cloud.project}]
    assert glance_.ask("other", "PATCH", f"/v2/images/{given['id']}", back, PATCH).status == 403
    assert glance_.ask("admin", "PATCH", f"/v2/images/{given['id']}", back, PATCH).status == 200
    assert given["id"] not in glance_.listed("other")
    refused = glance_.ask("demo", "POST", "/v2/images", {"name": "x", "owner": glance_.other})
    assert refused.status == 403


def test_lists_are_filtered_by_properties_tags_and_times(glance_: Glance) -> None:
    red = glance_.create(tags=["red", "small"], hw_disk_bus="scsi")["id"]
    blue = glance_.create(tags=["blue"], hw_disk_bus="virtio", other="scsi")["id"]
    glance_.cloud.clock.sleep(10)
    late = glance_.create(tags=["red"])
    assert glance_.listed("demo", "hw_disk_bus=scsi") == {red}
    assert glance_.listed("demo", "tag=red&tag=small") == {red}
    since = f"created_at=gte:{late['created_at']}"
    assert glance_.listed("demo", since) == {late["id"]}
    assert glance_.listed("demo", since.replace("gte", "lt")) == {red, blue}
    assert glance_.listed("demo", since.replace("gte:", "eq:")) == {late["id"]}
    assert glance_.ask("demo", "GET", "/v2/images?visibility=everywhere").status == 400


def test_metadata_definitions_are_kept_by_namespace(glance_: Glance) -> None:
    space = {"namespace": "雲", "visibility": "public", "protected": True, "tags": [{"name": "t"}]}
    assert glance_.ask("demo", "POST", "/v2/metadefs/namespaces", space).status == 403
    assert glance_.ask("admin", "POST", "/v2/metadefs/namespaces", space).status == 201
    path = "/v2/metadefs/namespaces/%E9%9B%B2"
    size = {"name": "size", "title": "Size", "type": "integer", "minimum": 1}
    assert glance_.ask("admin", "POST", f"{path}/properties", size).status == 201
    assert glance_.ask("admin", "POST", f"{path}/properties", size).status == 409
    assert glance_.ask("admin", "POST", f"{path}/resource_types", {"name": "OS::Nova::Server"}).status == 201
    shown = glance_.ask("demo", "GET", path).json()
    assert shown["properties"] == {"size": size}
    assert [one["name"] for one in shown["tags"]] == ["t"]
    assert [one["name"] for one in shown["resource_type_associations"]] == ["OS::Nova::Server"]
    assert glance_.ask("admin", "DELETE", path).status == 403
    loose = {"namespace": "雲", "visibility": "private", "protected": False}
    assert glance_.ask("admin", "PUT", path, loose).json()["protected"] is False
    assert glance_.ask("other", "GET", path).status == 404
    assert glance_.ask("admin", "DELETE", path).status == 204
    assert glance_.ask("admin", "GET", path).status == 404
