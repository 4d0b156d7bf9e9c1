"""Images' bytes by other ways than an upload: staged, from a URL, from another image; and what becomes of the tasks."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.glance import PATCH, Glance

from kumoi.app.images.upload import forget_uploads
from kumoi.control.loops import Control
from kumoi.control.purge import Retention
from kumoi.core.query import Query

URL = "http://mirror.example/disk"
FORMATS = {"disk_format": "raw", "container_format": "bare"}


@pytest.fixture
def glance(tmp_path: Path) -> Iterator[Glance]:
    made = Glance(tmp_path)
    made.cloud.settle()
    yield made
    made.cloud.close()


def begin(glance: Glance, image: str, name: str, who: str = "demo", **more: Any) -> Answer:
    return glance.ask(who, "POST", f"/v2/images/{image}/import", {"method": {"name": name, **more}, "all_stores": True})


def shown(glance: Glance, image: str) -> Any:
    return glance.ask("demo", "GET", f"/v2/images/{image}").json()


def task_of(glance: Glance, image: str) -> Any:
    return glance.ask("demo", "GET", f"/v2/images/{image}/tasks").json()["tasks"][0]


def test_staged_bytes_are_imported_in_one_more_step(glance: Glance) -> None:
    image = glance.create(**FORMATS)["id"]
    assert begin(glance, image, "glance-direct").status == 409
    assert glance.ask("demo", "PUT", f"/v2/images/{image}/stage", b"\1" * 4096).status == 204
    assert shown(glance, image)["status"] == "uploading"
    begun = begin(glance, image, "glance-direct")
    assert begun.status == 202
    assert begin(glance, image, "glance-direct").status == 409
    glance.cloud.settle()
    done = shown(glance, image)
    assert (done["status"], done["size"], done["stores"]) == ("active", 4096, "cloud")
    assert done["os_hash_value"] == hashlib.sha512(b"\1" * 4096).hexdigest()
    assert (done["os_glance_importing_to_stores"], done["os_glance_failed_import"]) == ("", "")
    task = task_of(glance, image)
    assert (task["status"], task["input"]["import_req"]["method"]["name"]) == ("success", "glance-direct")
    assert task["request_id"] == begun.header("x-openstack-request-id")
    assert glance.ask("demo", "GET", f"/v2/images/{image}/file").body == b"\1" * 4096


def test_staged_bytes_stay_until_they_are_imported_and_go_with_their_image(glance: Glance) -> None:
    cloud = glance.cloud
    image = glance.create(**FORMATS)["id"]
    glance.ask("demo", "PUT", f"/v2/images/{image}/stage", b"\2" * 4096)
    staged = set(cloud.house.blobs.all())
    cloud.settle(300)
    assert set(cloud.house.blobs.all()) == staged
    glance.ask("demo", "DELETE", f"/v2/images/{image}")
    cloud.settle(300)
    assert cloud.house.blobs.all() == []


def test_an_image_comes_from_a_url(glance: Glance) -> None:
    glance.cloud.web.pages[URL] = b"\3" * 8192
    image = glance.create(**FORMATS)["id"]
    assert begin(glance, image, "web-download", uri=URL).status == 202
    assert shown(glance, image)["status"] == "importing"
    glance.cloud.settle()
    assert (shown(glance, image)["status"], shown(glance, image)["size"]) == ("active", 8192)


@pytest.mark.parametrize("url", ["http://inner.example/secret", "file:///etc/passwd", "gopher://x/"])
def test_where_only_the_cloud_itself_may_look_is_refused_at_once(glance: Glance, url: str) -> None:
    image = glance.create(**FORMATS)["id"]
    assert begin(glance, image, "web-download", uri=url).status == 400
    assert shown(glance, image)["status"] == "queued"


def test_a_url_that_answers_nothing_leaves_the_image_waiting_and_says_why(glance: Glance) -> None:
    image = glance.create(**FORMATS, os_distro="debian")["id"]
    begin(glance, image, "web-download", uri=URL)
    glance.cloud.settle()
    after = shown(glance, image)
    assert (after["status"], after["os_glance_failed_import"], after["os_distro"]) == ("queued", "cloud", "debian")
    task = task_of(glance, image)
    assert task["status"] == "failure"
    assert URL in task["message"]


def test_a_disk_of_another_hypervisor_is_converted(glance: Glance, tmp_path: Path) -> None:
    raw, made, out = tmp_path / "raw", tmp_path / "made", tmp_path / "out"
    raw.write_bytes(b"\4" * 65536 + b"\0" * (1 << 20))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vdi", str(raw), str(made)], check=True)
    image = glance.create(disk_format="vdi", container_format="bare")["id"]
    glance.ask("demo", "PUT", f"/v2/images/{image}/stage", made.read_bytes())
    begin(glance, image, "glance-direct")
    glance.cloud.settle()
    done = shown(glance, image)
    assert (done["status"], done["disk_format"]) == ("active", "qcow2")
    assert done["virtual_size"] == raw.stat().st_size
    out.write_bytes(glance.ask("demo", "GET", f"/v2/images/{image}/file").body)
    assert done["checksum"] == hashlib.md5(out.read_bytes(), usedforsecurity=False).hexdigest()
    compared = subprocess.run(["qemu-img", "compare", "-F", "qcow2", "-f", "raw", str(raw), str(out)], check=False)
    assert compared.returncode == 0


def test_what_is_not_what_it_was_said_to_be_is_not_imported(glance: Glance) -> None:
    image = glance.create(**FORMATS)["id"]
    glance.ask("demo", "PUT", f"/v2/images/{image}/stage", b"vhdxfile" + b"\0" * 4096)
    begin(glance, image, "glance-direct")
    glance.cloud.settle()
    assert shown(glance, image)["status"] == "queued"
    assert "vhdx" in task_of(glance, image)["message"]


def test_an_image_is_copied_from_another_one(glance: Glance) -> None:
    glance.cloud.web.pages[URL] = b"\5" * 4096
    source = glance.create(**FORMATS, os_distro="rhel", speed="88mph")["id"]
    begin(glance, source, "web-download", uri=URL)
    glance.cloud.settle()
    copy, lost = glance.create(os_distro="windows")["id"], glance.create()["id"]
    begin(glance, copy, "glance-download", glance_image_id=source, glance_region="RegionOne")
    begin(glance, lost, "glance-download", glance_image_id=source, glance_region="elsewhere")
    assert begin(glance, glance.create()["id"], "glance-download", glance_image_id="foo").status == 400
    glance.cloud.settle()
    done = shown(glance, copy)
    assert (done["status"], done["disk_format"], done["os_distro"]) == ("active", "raw", "rhel")
    assert "speed" not in done
    assert shown(glance, lost)["status"] == "queued"


def test_nobody_copies_what_they_do_not_see(glance: Glance) -> None:
    glance.cloud.web.pages[URL] = b"\5" * 4096
    source = glance.create(**FORMATS, visibility="private")["id"]
    begin(glance, source, "web-download", uri=URL)
    glance.cloud.settle()
    copy = glance.create("other")["id"]
    begin(glance, copy, "glance-download", "other", glance_image_id=source)
    glance.cloud.settle()
    assert glance.ask("other", "GET", f"/v2/images/{copy}").json()["status"] == "queued"


def test_an_image_may_be_elsewhere_until_it_is_copied_here(glance: Glance) -> None:
    page = b"\6" * 4096
    glance.cloud.web.pages[URL] = page
    image = glance.create(**FORMATS)["id"]
    promise = {"os_hash_algo": "sha512", "os_hash_value": hashlib.sha512(page).hexdigest(), "checksum": "1" * 32}
    place = {"url": URL, "metadata": {"foo": "bar"}, "validation_data": promise}
    add = [{"op": "add", "path": "/locations/-", "value": place}]
    placed = glance.ask("demo", "PATCH", f"/v2/images/{image}", add, PATCH).json()
    assert (placed["status"], placed["checksum"]) == ("active", "1" * 32)
    assert placed["locations"] == [{"url": URL, "metadata": {"foo": "bar"}}]
    assert glance.ask("demo", "GET", f"/v2/images/{image}/file").body == page
    other = {**place, "url": f"{URL}#2", "validation_data": {**promise, "checksum": "2" * 32}}
    refused = glance.ask("demo", "PATCH", f"/v2/images/{image}", [{**add[0], "value": other}], PATCH)
    assert refused.status == 409
    gone = [{"op": "remove", "path": "/locations/0"}]
    assert glance.ask("demo", "PATCH", f"/v2/images/{image}", gone, PATCH).status == 403
    inner = [{"op": "add", "path": "/locations/-", "value": {"url": "http://inner.example/", "metadata": {}}}]
    assert glance.ask("demo", "PATCH", f"/v2/images/{image}", inner, PATCH).status == 400
    begin(glance, image, "copy-image")
    glance.cloud.settle()
    here = shown(glance, image)
    assert (here["stores"], here["size"], here["checksum"]) == ("cloud", 4096, hashlib.md5(page).hexdigest())


def test_bytes_that_are_not_those_that_were_promised_are_not_kept(glance: Glance) -> None:
    glance.cloud.web.pages[URL] = b"\7" * 4096
    image = glance.create(**FORMATS)["id"]
    body = {"url": URL, "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "beefdead" * 16}}
    assert glance.ask("demo", "POST", f"/v2/images/{image}/locations", body).status == 202
    glance.cloud.settle()
    assert (shown(glance, image)["status"], shown(glance, image)["os_hash_value"]) == ("queued", None)
    short = {"url": URL, "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "beef"}}
    assert glance.ask("demo", "POST", f"/v2/images/{image}/locations", short).status == 400


def test_an_import_whose_worker_died_is_done_by_the_next(glance: Glance) -> None:
    """Its lease runs out; what a restart finds half done is begun again."""
    cloud = glance.cloud
    cloud.web.pages[URL] = b"\1" * 4096
    image = glance.create(**FORMATS)["id"]
    begin(glance, image, "web-download", uri=URL)
    task = cloud.store.read(lambda tx: tx.image_tasks.find(Query()))[0]
    cloud.store.write(lambda tx: tx.leases.take(f"import/{task.id}", "the dead", 60.0))
    forget_uploads(cloud.house)
    next_one = Control(cloud.house, "the next", Retention())
    next_one.run_due()
    assert shown(glance, image)["status"] == "importing"
    cloud.store.write(lambda tx: tx.leases.drop(f"import/{task.id}", "the dead"))
    cloud.settle(30)
    assert shown(glance, image)["status"] == "active"


def test_a_deleted_image_ends_its_import(glance: Glance) -> None:
    image = glance.create(**FORMATS)["id"]
    glance.cloud.web.pages[URL] = b"\1" * 4096
    begin(glance, image, "web-download", uri=URL)
    glance.ask("demo", "DELETE", f"/v2/images/{image}")
    glance.cloud.settle()
    found = glance.ask("admin", "GET", "/v2/tasks").json()["tasks"]
    assert [task["status"] for task in found] == ["failure"]


def test_an_administrators_task_makes_the_image_too(glance: Glance) -> None:
    glance.cloud.web.pages[URL] = b"\1" * 4096
    properties = {**FORMATS, "name": "by task", "visibility": "public"}
    body = {"type": "import", "input": {"import_from": URL, "image_properties": properties}}
    assert glance.ask("demo", "POST", "/v2/tasks", body).status == 403
    made = glance.ask("admin", "POST", "/v2/tasks", body)
    assert made.status == 201
    glance.cloud.settle()
    task = glance.ask("admin", "GET", f"/v2/tasks/{made.json()['id']}").json()
    assert task["status"] == "success"
    assert shown(glance, task["result"]["image_id"])["status"] == "active"


def test_what_imports_there_are_is_told(glance: Glance) -> None:
    methods = glance.ask("demo", "GET", "/v2/info/import").json()["import-methods"]["value"]
    assert {"glance-direct", "web-download", "copy-image"} <= set(methods)
    assert [store["id"] for store in glance.ask("demo", "GET", "/v2/info/stores").json()["stores"]] == ["cloud"]
    assert glance.ask("demo", "GET", "/v2/info/usage").json()["usage"]["image_count_total"]["limit"] == 200
