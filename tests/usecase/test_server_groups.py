"""Server groups: where their instances come to stand, also when many are asked for at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud
from tests.usecase.several_hosts import add_hosts, host_of

from kumoi.app import quotas, server_groups
from kumoi.app.instances import delete, run
from kumoi.app.instances.wish import RunWish
from kumoi.core.errors import Invalid, NotFound, QuotaExceeded
from kumoi.core.ids import FlavorId, InstanceId, ServerGroupId
from kumoi.core.instances import Instance
from kumoi.core.server_groups import GroupPolicy


class Ground:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        cloud.settle()
        add_hosts(cloud, "two", "three")
        self.image = cloud.image()

    def group(self, policy: GroupPolicy, most: int = 0) -> ServerGroupId:
        return server_groups.create(self.cloud.house, self.cloud.call(), "g", policy, most).group.id

    def run(self, group: str = "", count: int = 1, least: int = 1, **words: tuple[InstanceId, ...]) -> list[Instance]:
        wish = RunWish(
            name="a", flavor_id=FlavorId("1"), image_id=self.image, nics=(), server_group_id=group,
            count_min=least, count_max=count, **words,
        )  # fmt: skip
        return run.run(self.cloud.house, self.cloud.call(), wish)

    def hosts(self, made: list[Instance]) -> list[str]:
        return [host_of(self.cloud, one.id) for one in made]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with closing(Cloud(tmp_path)) as cloud:
        yield Ground(cloud)


def test_affinity_brings_together(ground: Ground) -> None:
    group = ground.group("affinity")
    made = [*ground.run(group), *ground.run(group, count=3), *ground.run(group)]
    assert len(set(ground.hosts(made))) == 1


def test_anti_affinity_keeps_apart_and_refuses_what_is_too_many(ground: Ground) -> None:
    group = ground.group("anti-affinity")
    made = [*ground.run(group, count=2), *ground.run(group)]
    assert sorted(ground.hosts(made)) == ["one", "three", "two"]
    (homeless,) = ground.run(group)
    assert homeless.status == "error"
    assert homeless.refusal is not None
    assert homeless.refusal.facts["dropped"] == ["anti_affinity:3"]
    delete.delete(ground.cloud.house, ground.cloud.call(), made[0].id)
    assert ground.hosts(ground.run(group)) == ground.hosts([made[0]])


def test_many_callers_at_once_stay_apart(ground: Ground) -> None:
    group = ground.group("anti-affinity", most=2)
    with ThreadPoolExecutor(4) as pool:
        made = [one for some in pool.map(lambda _n: ground.run(group), range(8)) for one in some]
    found = [h for h in ground.hosts(made) if h]
    assert sorted(found) == ["one", "one", "three", "three", "two", "two"]


def test_soft_policies_give_way(ground: Ground) -> None:
    apart = ground.hosts(ground.run(ground.group("soft-anti-affinity"), count=6))
    assert sorted(apart) == ["one", "one", "three", "three", "two", "two"]
    assert len(set(ground.hosts(ground.run(ground.group("soft-affinity"), count=4)))) == 1


def test_instances_may_be_named_as_neighbours(ground: Ground) -> None:
    (first,) = ground.run()
    assert ground.hosts(ground.run(same_host=(first.id,))) == ground.hosts([first])
    assert ground.hosts(ground.run(different_host=(first.id,))) != ground.hosts([first])
    with pytest.raises(Invalid) as refused:
        ground.run(same_host=(InstanceId(ground.image),))
    assert refused.value.facts["reason"] == "no_such_instance"


def test_groups_are_bounded_and_belong_to_their_project(ground: Ground) -> None:
    house, mine, admin = ground.cloud.house, ground.cloud.call(), ground.cloud.call(admin=True)
    quotas.set_quota(house, admin, ground.cloud.project, {"server_groups": 1, "server_group_members": 2})
    group = ground.group("affinity")
    with pytest.raises(QuotaExceeded):
        ground.group("affinity")
    ground.run(group, count=2, least=2)
    with pytest.raises(QuotaExceeded) as refused:
        ground.run(group)
    assert refused.value.facts["resource"] == "server_group_members"
    assert len(server_groups.get(house, mine, group).members) == 2
    with pytest.raises(Invalid):
        server_groups.create(house, mine, "g", "affinity", 2)
    server_groups.delete(house, mine, group)
    with pytest.raises(NotFound):
        server_groups.get(house, mine, group)
    with pytest.raises(Invalid):
        ground.run(group)
    assert ground.group("affinity")
