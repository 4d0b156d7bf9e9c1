"""A QoS policy's guarantees are kept by the hosts: no more is promised than there is, and it comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.app.instances import run
from kumoi.app.instances.delete import delete
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks.networks import NetworkChange, NetworkWish, create_networks, update_network
from kumoi.app.networks.qos_policies import QosPolicyWish, create_qos_policy
from kumoi.app.networks.qos_rules import QosRuleChange, QosRuleWish, create_qos_rule, update_qos_rule
from kumoi.core.errors import NoCapacity
from kumoi.core.ids import FlavorId, ImageId, NetworkId
from kumoi.core.instances import Instance
from kumoi.core.qos import GUARANTEES, QosPolicy
from kumoi.core.query import Query
from kumoi.core.quotas import host_scope


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path, capabilities=("router", GUARANTEES), egress_kbps=1000)
    made.settle()
    yield made
    made.close()


@pytest.fixture
def image(cloud: Cloud) -> ImageId:
    return cloud.image()


def policy_of(cloud: Cloud, amount: int) -> QosPolicy:
    admin = cloud.call(admin=True)
    made = create_qos_policy(cloud.house, admin, QosPolicyWish(name="g", shared=True)).policy
    create_qos_rule(cloud.house, admin, made.id, QosRuleWish(kind="minimum_bandwidth", amount=amount))
    return made


def start(cloud: Cloud, image: ImageId, network: NetworkId) -> Instance:
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=image, nics=(NicChoice(network_id=network),))
    made = run.run(cloud.house, cloud.call(), wish)[0]
    cloud.settle()
    return made


def used(cloud: Cloud) -> int:
    def read(tx):  # type: ignore[no-untyped-def]
        host = tx.hosts.find(Query())[0]
        return tx.counters.get(host_scope(host.id), "egress_kbps").used

    return int(cloud.store.read(read))


def test_no_more_is_promised_than_there_is_and_it_comes_back(cloud: Cloud, image: ImageId) -> None:
    policy = policy_of(cloud, 600)
    wish = NetworkWish(name="n", qos_policy_id=policy.id)
    network = create_networks(cloud.house, cloud.call(), (wish,))[0].network.id
    first = start(cloud, image, network)
    assert (first.status, used(cloud)) == ("building", 600)
    second = start(cloud, image, network)
    assert second.status == "error"
    assert second.refusal is not None
    assert second.refusal.facts["dropped"] == ["egress_kbps:1"]
    delete(cloud.house, cloud.call(), first.id)
    cloud.settle()
    assert used(cloud) == 0
    assert start(cloud, image, network).status == "building"


def test_a_guarantee_that_no_longer_fits_is_refused(cloud: Cloud, image: ImageId) -> None:
    admin = cloud.call(admin=True)
    network = create_networks(cloud.house, cloud.call(), (NetworkWish(name="n"),))[0].network.id
    start(cloud, image, network)
    assert used(cloud) == 0
    policy = policy_of(cloud, 600)
    update_network(cloud.house, cloud.call(), network, NetworkChange(qos_policy_id=policy.id))
    assert used(cloud) == 600
    rule = cloud.store.read(lambda tx: tx.qos_rules.find(Query())[0])
    with pytest.raises(NoCapacity):
        update_qos_rule(cloud.house, admin, policy.id, "minimum_bandwidth", rule.id, QosRuleChange(amount=1001))
    assert used(cloud) == 600
    update_qos_rule(cloud.house, admin, policy.id, "minimum_bandwidth", rule.id, QosRuleChange(amount=900))
    assert used(cloud) == 900
