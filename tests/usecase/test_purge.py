"""What has had its time goes, and its bytes with it; what is needed stays."""

from pathlib import Path

from tests.usecase.cloud import Cloud
from tests.usecase.test_instances import boot

from kumoi.app.images import doors as images
from kumoi.app.instances import delete
from kumoi.core.ids import HostId, PlacementId, host_section
from kumoi.core.instances import Placement
from kumoi.core.query import Query

HOUR = 3600.0


def layers(cloud: Cloud) -> int:
    return cloud.store.read(lambda tx: tx.layers.count(Query()))


def test_a_layer_stays_as_long_as_an_instance_stands_on_it(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    images.delete(cloud.house, cloud.call(admin=True), one.image_id)
    cloud.clock.advance(3 * HOUR)
    cloud.settle(120)
    assert layers(cloud) == 1
    assert len(cloud.house.blobs.all()) == 1
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle(120)
    cloud.clock.advance(3 * HOUR)
    cloud.settle(120)
    assert cloud.store.read(lambda tx: tx.instances.get(one.id)) is None
    assert layers(cloud) == 0
    assert not cloud.house.blobs.all()
    cloud.close()


def test_nobody_misses_what_is_gone(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.settle()
    for _ in range(3):
        one = boot(cloud)
        cloud.settle()
        delete.delete(cloud.house, cloud.call(), one.id)
        cloud.settle(120)
    cloud.clock.advance(3 * HOUR)
    cloud.settle(120)
    assert not cloud.store.read(lambda tx: tx.instances.find(Query()))
    held = cloud.store.read(lambda tx: tx.counters.under("host/"))
    assert all(counter.used == 0 for counter in held)
    cloud.close()


def test_an_upload_that_was_refused_leaves_no_bytes(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    upload = cloud.house.blobs.begin(100)
    upload.write(b"nobody's")
    upload.commit()
    assert len(cloud.house.blobs.all()) == 1
    cloud.settle(300)
    assert not cloud.house.blobs.all()
    cloud.close()


def test_a_host_that_is_silent_holds_up_nobody_elses_purge(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.settle()
    silent, other = boot(cloud), boot(cloud)
    cloud.settle()
    for one in (silent, other):
        delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle()
    placement = Placement(id=PlacementId("p"), instance_id=silent.id, host_id=HostId("silent"))
    cloud.store.write(lambda tx: tx.placements.insert(placement))
    cloud.clock.advance(3 * HOUR)
    cloud.settle(120)
    assert cloud.store.read(lambda tx: tx.instances.get(silent.id)) is not None
    assert cloud.store.read(lambda tx: tx.instances.get(other.id)) is None
    cloud.close()


def test_one_broken_row_stops_nobody_elses_plan(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.settle()
    one = boot(cloud)
    host = cloud.store.read(lambda tx: tx.hosts.find(Query()))[0]
    cloud.store.write(lambda tx: tx.sections.mark(host_section(host.id), "riddle/1"))
    cloud.settle()
    assert cloud.world.running() == {one.id}
    cloud.close()
