"""What Cinder's microversions added to lists and metadata, and what is said of what is not built."""

from typing import Any

import msgspec
import pytest
from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.cinder import Cinder

from kumoi.api.openstack.times import bare


@pytest.fixture(autouse=True)
def greeted(cinder: Cinder) -> None:
    cinder.cloud.settle()


def volume(cinder: Cinder, **more: Any) -> str:
    made: str = cinder.do("POST", "/volumes", {"volume": {"size": 1, **more}}, 202, "demo")["volume"]["id"]
    cinder.cloud.settle()
    return made


def listed(cinder: Cinder, query: str, version: str = "") -> list[str]:
    return [one["id"] for one in cinder.get(f"/volumes?{query}", version=version)["volumes"]]


def test_lists_are_narrowed_by_times(cinder: Cinder) -> None:
    first = volume(cinder)
    cinder.cloud.clock.advance(60)
    second, between = volume(cinder), bare(cinder.cloud.clock.now() - 30)
    assert listed(cinder, f"created_at=gt:{between}") == [second]
    assert listed(cinder, f"created_at=lte:{between}") == [first]
    assert len(listed(cinder, f"created_at=gt:{between}", "3.59")) == 2
    cinder.do("GET", "/volumes?created_at=near:2026-01-01T00:00:00", status=400)
    cinder.do("GET", "/volumes?created_at=gt:yesterday", status=400)


def test_lists_are_narrowed_by_what_is_remembered_of_images(cinder: Cinder) -> None:
    one, _ = volume(cinder, imageRef=cinder.cloud.image()), volume(cinder)
    name = cinder.get(f"/volumes/{one}")["volume"]["volume_image_metadata"]["image_name"]
    assert listed(cinder, f"glance_metadata={{'image_name':'{name}'}}") == [one]
    assert listed(cinder, "glance_metadata={'image_name':'none'}") == []


def test_who_overwrites_anothers_metadata_is_told_where_he_asks(cinder: Cinder) -> None:
    one = volume(cinder, metadata={"a": "1"})
    path = f"/v3/volumes/{one}/metadata"
    tag = cinder.ask("demo", "GET", path).header("ETag")
    assert tag is not None
    assert cinder.ask("demo", "GET", path, version="3.14").header("ETag") is None

    def put(match: str, value: str) -> Answer:
        return cinder.ask("demo", "PUT", path, {"metadata": {"a": value}}, "", ("if-match", match))

    assert put(tag, "2").status == 200
    assert put(tag, "3").status == 412
    assert msgspec.json.decode(cinder.ask("demo", "GET", path).body) == {"metadata": {"a": "2"}}


def test_pools_are_found_by_a_type(cinder: Cinder) -> None:
    for name, backend in (("here", "files"), ("nowhere", "none")):
        specs = {"volume_backend_name": backend}
        cinder.do("POST", "/types", {"volume_type": {"name": name, "extra_specs": specs}})
    assert len(cinder.get("/scheduler-stats/get_pools?volume-type=here", "admin")["pools"]) == 1
    assert cinder.get("/scheduler-stats/get_pools?volume-type=nowhere", "admin")["pools"] == []


def test_filters_are_told_by_resource(cinder: Cinder) -> None:
    (told,) = cinder.get("/resource_filters?resource=snapshot")["resource_filters"]
    assert "volume_id" in told["filters"]
    assert cinder.ask("demo", "GET", "/v3/resource_filters", version="3.32").status == 404


def test_what_is_not_built_is_refused(cinder: Cinder) -> None:
    cinder.do("GET", "/manageable_volumes", status=501)
    cinder.do("GET", "/manageable_volumes", status=403, who="demo")
