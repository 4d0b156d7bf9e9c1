"""A project without a network runs its first instances: it gets one by itself, once, with a way out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.usecase.cloud import Cloud

from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.app.networks import networks
from kumoi.app.networks.auto_network import NETWORK, ROUTER
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import FlavorId, NetworkId, ProjectId
from kumoi.core.query import Query, alive, eq


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def newcomer(cloud: Cloud) -> Call:
    """The administrator in a project that has nothing."""
    call = cloud.call(admin=True)
    return replace(call, actor=replace(call.actor, project_id=ProjectId("fresh")))


def launch(cloud: Cloud, call: Call, count: int) -> set[NetworkId]:
    wish = RunWish(
        name="a", flavor_id=FlavorId("1"), image_id=cloud.image(), auto_network=True, count_min=count, count_max=count
    )
    made = run.run(cloud.house, call, wish)
    nics = cloud.store.read(lambda tx: [tx.nics.find(Query(filters=(eq("instance_id", i.id),))) for i in made])
    assert [len(of_one) for of_one in nics] == [1] * count
    return {of_one[0].network_id for of_one in nics}


def test_all_are_on_the_one_network_that_is_made(cloud: Cloud) -> None:
    call = newcomer(cloud)
    first = launch(cloud, call, 3)
    assert launch(cloud, call, 1) == first
    own = Query(filters=(eq("project_id", "fresh"), alive()))
    made, routers = cloud.store.read(lambda tx: (tx.networks.find(own), tx.vpcs.find(own)))
    assert [n.name for n in made] == [NETWORK]
    assert ([r.name for r in routers], [bool(r.gateway_ids) for r in routers]) == ([ROUTER], [True])


def test_who_has_a_network_keeps_it(cloud: Cloud) -> None:
    assert len(launch(cloud, cloud.call(), 1)) == 1
    own = Query(filters=(eq("name", NETWORK), alive()))
    assert cloud.store.read(lambda tx: tx.networks.find(own)) == []


def test_nothing_is_made_where_nothing_leads_out(cloud: Cloud) -> None:
    call = newcomer(cloud)
    networks.create_networks(cloud.house, cloud.call(admin=True), (networks.NetworkWish(name="b", external=True),))
    with pytest.raises(Invalid) as refused:
        launch(cloud, call, 1)
    assert refused.value.facts["reason"] == "no_way_out"
    own = Query(filters=(eq("project_id", "fresh"), alive()))
    assert cloud.store.read(lambda tx: (tx.networks.find(own), tx.vpcs.find(own))) == ([], [])
