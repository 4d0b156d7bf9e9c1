"""Changes that no host acts on: what a lock keeps from them, and that each leaves an event."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.usecase.cloud import Cloud

from kumoi.app import flavors, quotas, tags
from kumoi.app.instances import change, client_tokens, delete, power, read, run
from kumoi.app.instances.wish import RunWish
from kumoi.core.errors import Taken, WrongState
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId
from kumoi.core.instances import Instance
from kumoi.core.query import Order, Query, eq
from kumoi.core.quotas import Claim


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def boot(cloud: Cloud) -> Instance:
    cloud.settle()
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image())
    one = run.run(cloud.house, cloud.call(), wish)[0]
    cloud.settle()
    return one


def actions(cloud: Cloud, resource_id: str) -> list[str]:
    about = Query(filters=(eq("resource_id", resource_id),), order=(Order("seq"),))
    return [e.action for e in cloud.store.read(lambda tx: tx.events.find(about))]


def test_a_lock_keeps_power_deletion_and_metadata(cloud: Cloud) -> None:
    house, mine, one = cloud.house, cloud.call(), boot(cloud)
    change.put_labels(house, mine, one.id, "metadata", {"a": "1"}, whole=False)
    change.lock(house, mine, one.id, locked=True)
    for refused in (
        lambda: power.stop(house, mine, one.id),
        lambda: delete.delete(house, mine, one.id),
        lambda: change.put_labels(house, mine, one.id, "metadata", {"a": "2"}, whole=False),
        lambda: change.drop_label(house, mine, one.id, "metadata", "a"),
    ):
        with pytest.raises(WrongState) as refusal:
            refused()
        assert refusal.value.facts["status"] == "locked"
    change.put_labels(house, cloud.call(admin=True), one.id, "metadata", {"a": "3"}, whole=False)
    assert read.get(house, mine, one.id).labels["metadata"] == {"a": "3"}


def test_a_lock_leaves_name_and_tags(cloud: Cloud) -> None:
    """Nova's rule: its lock is asked for actions and metadata only."""
    house, mine, one = cloud.house, cloud.call(), boot(cloud)
    change.lock(house, mine, one.id, locked=True)
    assert change.update(house, mine, one.id, {"name": "b"}).name == "b"
    assert change.put_labels(house, mine, one.id, "tag", {"blue": ""}, whole=False) == {"blue": ""}
    tags.put(house, mine, (tags.Tagged("instance", one.id),), {"k": "v"})
    assert tags.of(house, mine, "instance", (one.id,)) == {one.id: {"k": "v"}}


def test_labels_and_tags_leave_events(cloud: Cloud) -> None:
    house, mine, one = cloud.house, cloud.call(), boot(cloud)
    before = len(actions(cloud, one.id))
    change.put_labels(house, mine, one.id, "tag", {"blue": ""}, whole=False)
    change.drop_label(house, mine, one.id, "tag", "blue")
    tags.put(house, mine, (tags.Tagged("instance", one.id),), {"k": "v"})
    tags.drop(house, mine, (tags.Tagged("instance", one.id),), None)
    assert actions(cloud, one.id)[before:] == ["instance.update"] * 4


def test_quotas_and_access_to_flavors_leave_events(cloud: Cloud) -> None:
    house, admin = cloud.house, cloud.call(admin=True)
    quotas.set_quota(house, admin, cloud.project, {"instances": 3})
    assert "quota.update" in actions(cloud, cloud.project)
    size = Flavor(id=FlavorId("f"), name="f", vcpus=1, memory_mib=64, disk_gib=0, public=False)
    flavors.create(house, admin, size)
    flavors.open_to(house, admin, size.id, cloud.project)
    flavors.close_to(house, admin, size.id, cloud.project)
    assert actions(cloud, size.id) == ["flavor.create", "flavor.update", "flavor.update"]


def test_tags_are_told_of_what_the_caller_sees(cloud: Cloud) -> None:
    house, mine, one = cloud.house, cloud.call(), boot(cloud)
    tags.put(house, mine, (tags.Tagged("instance", one.id),), {"k": "v"})
    stranger = replace(mine, actor=replace(mine.actor, project_id="f" * 32))
    assert tags.of(house, stranger, "instance", (one.id,)) == {}


def test_a_token_that_is_held_is_not_remembered_again(cloud: Cloud) -> None:
    one = boot(cloud)
    mine = replace(cloud.call(), idempotency_key="token")
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=one.image_id)
    held = Claim(kind="client_token", key=f"{cloud.project}/token", owner="another", at=0.0)
    assert cloud.store.write(lambda tx: tx.claims.take(held))
    with pytest.raises(Taken):
        cloud.store.write(lambda tx: client_tokens.remember(tx, mine, wish, [one]))
