"""Images of instances: from the door to the host's copy, back as a layer, and booted from; and everything dying
meanwhile."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.machines.faulty_link import FaultyLink
from tests.usecase.cloud import Cloud

from kumoi.adapters.fake.world import Crash
from kumoi.app.images import doors as images
from kumoi.app.images import upload
from kumoi.app.instances import delete, power, read, rest, run
from kumoi.app.instances.imaging import ImageWish, create_image
from kumoi.app.instances.rebuild import RebuildWish, rebuild
from kumoi.app.instances.wish import RunWish
from kumoi.app.why import explain
from kumoi.core.conditions import Ready, Working
from kumoi.core.errors import Invalid, NotFound, QuotaExceeded, Unavailable, WrongState
from kumoi.core.ids import FlavorId, ImageId, InstanceId
from kumoi.core.images import Image
from kumoi.core.instances import Instance
from kumoi.core.query import Query
from kumoi.core.quotas import project_scope

WRITTEN = b"what the guest wrote"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    made.settle()
    yield made
    made.close()


def boot(cloud: Cloud) -> Instance:
    one = run.run(cloud.house, cloud.call(), RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image()))[0]
    cloud.settle()
    cloud.world.written[one.id] = WRITTEN
    return one


def copied(cloud: Cloud, instance_id: InstanceId, **more: object) -> Image:
    wish = ImageWish(name="copy", **more)  # type: ignore[arg-type]
    return create_image(cloud.house, cloud.call(), instance_id, wish)


def image(cloud: Cloud, image_id: ImageId) -> Image:
    return images.get(cloud.house, cloud.call(), image_id)


def data(cloud: Cloud, image_id: ImageId) -> bytes:
    _, layer = images.layer_of(cloud.house, cloud.call(), image_id)
    assert layer is not None
    return b"".join(cloud.house.blobs.read(layer.sha256))


def used(cloud: Cloud, resource: str) -> int:
    counter = cloud.store.read(lambda tx: tx.counters.get(project_scope(cloud.project), resource))
    assert counter is not None
    return counter.used


def names(cloud: Cloud) -> list[str]:
    return sorted(i.name for i in images.find(cloud.house, cloud.call(), Query()) if i.copy_of is not None)


@pytest.mark.parametrize("state", ["active", "paused", "suspended", "stopped"])
def test_an_image_is_made_of_what_is_on_the_disk_and_the_guest_is_let_be(cloud: Cloud, state: str) -> None:
    one = boot(cloud)
    if state == "paused":
        rest.pause(cloud.house, cloud.call(), one.id)
    elif state == "suspended":
        rest.suspend(cloud.house, cloud.call(), one.id)
    elif state == "stopped":
        power.stop(cloud.house, cloud.call(), one.id)
    cloud.settle()
    before = used(cloud, "image_mib")
    made = copied(cloud, one.id, properties={"purpose": "test"})
    assert (made.status, made.visibility, made.disk_format, made.container_format) == (
        "queued", "private", "qcow2", "bare")  # fmt: skip
    cloud.settle()
    full = image(cloud, made.id)
    assert full.status == "active"
    assert WRITTEN in data(cloud, made.id)
    assert full.size_bytes == len(data(cloud, made.id))
    assert full.virtual_bytes == one.disk_gib << 30
    assert full.min_disk_gib == one.disk_gib
    assert used(cloud, "image_mib") > before
    assert full.properties == {
        "purpose": "test", "image_type": "snapshot", "instance_uuid": one.id, "base_image_ref": one.image_id,
        "owner_id": cloud.project, "user_id": cloud.call().actor.user_id,
    }  # fmt: skip
    assert read.get(cloud.house, cloud.call(), one.id).instance.status == state
    assert len(cloud.world.starts) == 1
    assert not cloud.world.copies  # the host keeps none
    assert not cloud.world.broken


def test_another_guest_boots_from_it(cloud: Cloud) -> None:
    one = boot(cloud)
    made = copied(cloud, one.id)
    cloud.settle()
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle()
    other = run.run(cloud.house, cloud.call(), RunWish(name="b", flavor_id=FlavorId("1"), image_id=made.id))[0]
    cloud.settle()
    assert read.get(cloud.house, cloud.call(), other.id).instance.status == "active"
    assert cloud.world.roots[other.id].layers[0].format == "qcow2"


def test_a_backup_lets_go_of_the_oldest_of_its_kind_and_of_nothing_else(cloud: Cloud) -> None:
    one, other = boot(cloud), boot(cloud)
    copied(cloud, one.id)
    create_image(cloud.house, cloud.call(), other.id, ImageWish(name="other", backup_type="daily", rotation=1))
    create_image(cloud.house, cloud.call(), one.id, ImageWish(name="weekly", backup_type="weekly", rotation=1))
    for day in ("mon", "tue", "wed"):
        cloud.clock.advance(60.0)
        made = create_image(cloud.house, cloud.call(), one.id, ImageWish(name=day, backup_type="daily", rotation=2))
        assert made.properties["image_type"] == "backup"
        cloud.settle()
    assert names(cloud) == ["copy", "other", "tue", "wed", "weekly"]
    create_image(cloud.house, cloud.call(), one.id, ImageWish(name="none", backup_type="daily", rotation=0))
    cloud.settle()
    assert names(cloud) == ["copy", "other", "weekly"]


def test_a_protected_backup_stays(cloud: Cloud) -> None:
    one = boot(cloud)
    first = create_image(cloud.house, cloud.call(), one.id, ImageWish(name="1", backup_type="daily", rotation=1))
    cloud.settle()
    images.update(cloud.house, cloud.call(), first.id, lambda _: images.ImageChange(protected=True))
    cloud.clock.advance(60.0)
    create_image(cloud.house, cloud.call(), one.id, ImageWish(name="2", backup_type="daily", rotation=1))
    cloud.settle()
    assert names(cloud) == ["1", "2"]


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_the_agent_may_die_at_every_act(cloud: Cloud, running: bool, done: bool) -> None:
    one = boot(cloud)
    if not running:
        power.stop(cloud.house, cloud.call(), one.id)
        cloud.settle()
    wanted, number = 0, 1
    while True:
        made = copied(cloud, one.id)
        wanted += 1
        cloud.world.faults.crash_in(number, done=done)
        try:
            cloud.settle()
            break  # nothing was left to die at
        except Crash:
            cloud.world.faults.heal()
            cloud.restart_agent()
        cloud.settle()
        assert image(cloud, made.id).status == "active", number
        assert WRITTEN in data(cloud, made.id)
        assert not cloud.world.copies
        number += 1
    assert number > 3
    assert len(names(cloud)) == wanted
    assert len(cloud.world.starts) == 1
    assert not cloud.world.broken


@pytest.mark.parametrize("verb", ["copy_disk", "copy_root", "read_copy", "drop_copy"])
def test_what_fails_is_tried_again(cloud: Cloud, verb: str) -> None:
    one = boot(cloud)
    cloud.world.faults.failing[verb] = 3
    made = copied(cloud, one.id)
    cloud.settle(120.0)
    assert image(cloud, made.id).status == "active"
    assert not cloud.world.copies


@pytest.mark.parametrize("lost", ["unheard", "unanswered"])
def test_a_lost_upload_and_a_lost_answer_cost_time_and_nothing_else(cloud: Cloud, lost: str) -> None:
    one = boot(cloud)
    link = FaultyLink(cloud.link)
    cloud.link = link
    cloud.restart_agent()
    cloud.settle()
    getattr(link, lost)["give"] = 2
    made = copied(cloud, one.id)
    cloud.settle(60.0)
    assert image(cloud, made.id).status == "active"
    assert names(cloud) == ["copy"]
    assert not cloud.world.copies


def test_bytes_that_came_by_half_are_begun_anew_also_by_another_serve(cloud: Cloud) -> None:
    one = boot(cloud)
    made = copied(cloud, one.id)

    def serve_dies(verb: str) -> None:
        if verb == "read_copy" and image(cloud, made.id).status == "saving":
            cloud.world.meanwhile = None
            raise Unavailable("host", what="control")

    cloud.world.meanwhile = serve_dies
    cloud.settle(60.0)
    assert cloud.world.meanwhile is None  # it did die
    assert image(cloud, made.id).status == "active"
    # A serve that was killed leaves `saving`; the next one knows that nobody is saving.
    second = copied(cloud, one.id)
    cloud.store.write(lambda tx: tx.images.save(_saving(tx.images.get(second.id))))
    cloud.settle(20.0)
    assert image(cloud, second.id).status == "saving"
    upload.forget_uploads(cloud.house)
    cloud.settle(120.0)
    assert image(cloud, second.id).status == "active"


def _saving(found: Image | None) -> Image:
    assert found is not None
    return Image(**{**{f: getattr(found, f) for f in found.__struct_fields__}, "status": "saving"})


Stroke = Callable[[Cloud, Instance, Image], None]


def _instance_goes(cloud: Cloud, one: Instance, _: Image) -> None:
    delete.delete(cloud.house, cloud.call(), one.id)


def _image_goes(cloud: Cloud, _: Instance, made: Image) -> None:
    images.delete(cloud.house, cloud.call(), made.id)


@pytest.mark.parametrize("stroke", [_instance_goes, _image_goes])
@pytest.mark.parametrize("verb", ["", "copy_disk", "copy_root", "read_copy"])
def test_what_is_deleted_meanwhile_leaves_nothing(cloud: Cloud, verb: str, stroke: Stroke) -> None:
    one = boot(cloud)
    before = used(cloud, "images"), used(cloud, "image_mib")
    made = copied(cloud, one.id)

    def strike(now: str) -> None:
        if now == verb:
            cloud.world.meanwhile = None
            stroke(cloud, one, made)

    cloud.world.meanwhile = strike
    if not verb:
        stroke(cloud, one, made)
    cloud.settle(60.0)
    with pytest.raises(NotFound):
        image(cloud, made.id)
    assert not cloud.world.copies
    assert (used(cloud, "images"), used(cloud, "image_mib")) == before
    assert not cloud.world.broken


def test_a_guest_that_dies_while_it_is_copied_is_started_and_copied(cloud: Cloud) -> None:
    one = boot(cloud)
    made = copied(cloud, one.id)

    def dies(verb: str) -> None:
        if verb == "copy_disk":
            cloud.world.meanwhile = None
            cloud.world.kill(one.id)

    cloud.world.meanwhile = dies
    cloud.settle(60.0)
    assert image(cloud, made.id).status == "active"
    assert read.get(cloud.house, cloud.call(), one.id).instance.status == "active"
    assert not cloud.world.broken


def test_nothing_is_started_on_a_disk_that_is_being_copied(cloud: Cloud) -> None:
    one = boot(cloud)
    power.stop(cloud.house, cloud.call(), one.id)
    cloud.settle()
    made = copied(cloud, one.id)

    def start(verb: str) -> None:
        if verb == "copy_root":
            cloud.world.meanwhile = None
            power.start(cloud.house, cloud.call(), one.id)

    cloud.world.meanwhile = start
    cloud.settle(30.0)
    assert image(cloud, made.id).status == "active"
    assert read.get(cloud.house, cloud.call(), one.id).instance.status == "active"
    assert not cloud.world.broken


def test_a_copy_that_fails_says_why_until_it_is_made(cloud: Cloud) -> None:
    one = boot(cloud)
    cloud.world.faults.failing["copy_disk"] = 1 << 20
    made = copied(cloud, one.id)
    assert explain(cloud.house, cloud.call(), made.id).condition.code == "waiting_for_copy"
    cloud.settle(5.0)
    why = explain(cloud.house, cloud.call(), made.id).condition
    assert isinstance(why, Working)
    assert (why.code, why.facts["what"]) == ("unavailable", "copy_disk")
    cloud.world.faults.heal()
    cloud.settle(120.0)
    assert explain(cloud.house, cloud.call(), made.id).condition == Ready()
    assert not cloud.store.read(lambda tx: tx.troubles.find(Query()))


def test_a_full_quota_refuses_the_image_or_what_it_would_hold(cloud: Cloud) -> None:
    one = boot(cloud)
    scope = project_scope(cloud.project)
    full = used(cloud, "image_mib")
    cloud.store.write(lambda tx: tx.counters.set_most(scope, "image_mib", full))
    made = copied(cloud, one.id)
    cloud.settle(60.0)
    assert image(cloud, made.id).status == "killed"
    assert not cloud.world.copies
    images.delete(cloud.house, cloud.call(), made.id)
    most = used(cloud, "images")
    cloud.store.write(lambda tx: tx.counters.set_most(scope, "images", most))
    with pytest.raises(QuotaExceeded):
        copied(cloud, one.id)


def test_what_may_not_be_copied_and_what_may_not_be_done_meanwhile(cloud: Cloud) -> None:
    one = boot(cloud)
    with pytest.raises(Invalid):
        copied(cloud, one.id, backup_type="daily", rotation=-1)
    with pytest.raises(Invalid):
        create_image(cloud.house, cloud.call(), one.id, ImageWish(name="x" * 256))
    made = copied(cloud, one.id)
    with pytest.raises(WrongState):
        upload.begin(cloud.house, cloud.call(), made.id)
    with pytest.raises(WrongState) as refused:
        rebuild(cloud.house, cloud.call(), one.id, RebuildWish(image_id=one.image_id))
    assert refused.value.facts["status"] == "being_copied"
    cloud.settle()
    rebuild(cloud.house, cloud.call(), one.id, RebuildWish(image_id=one.image_id))
    with pytest.raises(WrongState):
        copied(cloud, one.id)
    with pytest.raises(NotFound):
        copied(cloud, InstanceId(cloud.chance.uuid()))


def test_a_disk_that_is_not_there_any_more_keeps_nobody_waiting(cloud: Cloud) -> None:
    one = boot(cloud)
    power.stop(cloud.house, cloud.call(), one.id)
    cloud.settle()
    del cloud.world.roots[one.id]
    made = copied(cloud, one.id)
    cloud.settle()
    assert image(cloud, made.id).status == "killed"
    assert explain(cloud.house, cloud.call(), made.id).condition.code == "copy_refused"  # type: ignore[union-attr]
    assert not read.get(cloud.house, cloud.call(), one.id).copies
