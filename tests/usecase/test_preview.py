"""What a preview says is what the run says: the same refusal with the same facts, or none and it is made."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.app import quotas
from kumoi.app.instances import run
from kumoi.app.instances.preview import preview
from kumoi.app.instances.wish import RunWish
from kumoi.core.errors import KumoiError
from kumoi.core.ids import FlavorId


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    made.settle()
    yield made
    made.close()


def wish(cloud: Cloud, flavor: str, count: int, key: str = "") -> RunWish:
    image = cloud.image()
    return RunWish(
        name="a", flavor_id=FlavorId(flavor), image_id=image, count_min=count, count_max=count, keypair_name=key,
        refuse_full=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("flavor", "count", "key", "code"),
    [
        ("1", 21, "", "quota_exceeded"),  # of 20
        ("3", 17, "", "no_capacity"),  # 8,704 MiB of 8,192
        ("1", 1, "nobodys", "invalid"),
    ],
)
def test_the_preview_says_what_the_run_says(cloud: Cloud, flavor: str, count: int, key: str, code: str) -> None:
    one, call = wish(cloud, flavor, count, key), cloud.call()
    seen = preview(cloud.house, call, one).refusals
    with pytest.raises(KumoiError) as told:
        run.run(cloud.house, call, one)
    assert [(e.code, e.layer, e.facts) for e in seen] == [(told.value.code, told.value.layer, told.value.facts)]
    assert told.value.code == code


@pytest.mark.parametrize(("flavor", "count"), [("1", 3), ("3", 16), ("6", 1)])
def test_what_the_preview_lets_pass_is_made(cloud: Cloud, flavor: str, count: int) -> None:
    one, call = wish(cloud, flavor, count), cloud.call()
    assert preview(cloud.house, call, one).refusals == ()
    assert len(run.run(cloud.house, call, one)) == count


def test_a_preview_shows_what_would_be_used_and_uses_nothing(cloud: Cloud) -> None:
    call = cloud.call()
    before = quotas.quota(cloud.house, call, cloud.project)
    shares = {s.resource: s for s in preview(cloud.house, call, wish(cloud, "5", 2)).shares}
    assert (shares["vcpus"].more, shares["memory_mib"].more, shares["instances"].more) == (4, 8192, 2)
    assert quotas.quota(cloud.house, call, cloud.project)["vcpus"] == before["vcpus"]
