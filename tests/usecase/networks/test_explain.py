"""From a question about a packet to its answer: doors, plan, the host's own picture of a fake world, and the walk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud
from tests.usecase.networks.test_in_the_world import place, router

from kumoi.app.instances import power, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks import public_addresses, security_groups
from kumoi.app.networks.explain import ANSWER_WITHIN_S, OUTSIDE, Parcel, ask_why, explained
from kumoi.app.networks.public_addresses import PublicWish
from kumoi.app.networks.security_groups import GroupRuleWish
from kumoi.core.errors import Forbidden, Invalid, NotFound
from kumoi.core.groups import RuleWish
from kumoi.core.ids import FlavorId, NetworkId
from kumoi.core.instances import Instance
from kumoi.core.nics import Nic
from kumoi.core.query import Query, eq
from kumoi.planning.explain.case import Walk
from kumoi.runtime.loop import settle

TCP = 6


class Asked(Cloud):
    """Two guests on two networks behind one router, one of them with a public address."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settle()
        (one, first), (two, second) = place(self, "10.1.0.0/24"), place(self, "10.2.0.0/24")
        self.router = router(self, first, second)
        self.near, self.far = self.guest("near", one), self.guest("far", two)
        self.settle()

    def guest(self, name: str, network: NetworkId) -> Instance:
        wish = RunWish(
            name=name, flavor_id=FlavorId("1"), image_id=self.image(b"i"), nics=(NicChoice(network_id=network),)
        )
        made: Instance = run.run(self.house, self.call(), wish)[0]
        return made

    def nic(self, of: Instance) -> Nic:
        found: Nic = self.store.read(lambda tx: tx.nics.find(Query(filters=(eq("instance_id", of.id),))))[0]
        return found

    def asked(self, sender: str, receiver: str, port: int = 80) -> Walk:
        parcel = Parcel(sender=sender, receiver=receiver, protocol=TCP, port=port)
        question = ask_why(self.house, self.call(admin=True), parcel)
        settle([self.agent.talk], self.clock, ANSWER_WITHIN_S)  # the host answers, and mends nothing meanwhile
        answer = question.answer.result(timeout=ANSWER_WITHIN_S) if question.answer is not None else None
        return explained(question, answer)

    def said(self, sender: str, receiver: str, port: int = 80) -> str:
        found = self.asked(sender, receiver, port)
        return found.stop.code if found.stop else ""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Asked]:
    made = Asked(tmp_path)
    yield made
    made.close()


def let_in(cloud: Asked, port: int) -> None:
    """The default group lets only its members in."""
    group = cloud.nic(cloud.far).group_ids[0]
    rule = RuleWish(direction="ingress", ether_type="IPv4", protocol="tcp", port_min=port, port_max=port)
    security_groups.create_rules(cloud.house, cloud.call(), (GroupRuleWish(group_id=group, rule=rule),))
    cloud.settle()


def test_servers_by_name_through_their_router(cloud: Asked) -> None:
    found = cloud.asked("near", "far")
    assert found.stop is None
    assert [hop.code for hop in found.hops] == ["from_guest", "into_router", "routed", "to_guest"]
    assert found.hops[-1].facts == {"name": "far"}
    by_id = cloud.asked(cloud.nic(cloud.near).id, cloud.nic(cloud.far).fixed_ips[0].address)
    assert [hop.code for hop in by_id.hops] == [hop.code for hop in found.hops]


def test_from_outside_only_by_a_public_address_and_as_groups_allow(cloud: Asked) -> None:
    assert cloud.said(OUTSIDE, "far") == "not_reachable_from_outside"
    outer = cloud.store.read(lambda tx: tx.networks.find(Query(filters=(eq("external", value=True),))))[0]
    wish = PublicWish(network_id=outer.id, nic_id=cloud.nic(cloud.far).id)
    made = public_addresses.create_public_address(cloud.house, cloud.call(), wish).public
    cloud.settle()
    assert cloud.said(OUTSIDE, "far") == "ingress_denied"
    let_in(cloud, 80)
    for called in ("far", made.address):
        found = cloud.asked(OUTSIDE, called)
        assert found.stop is None, found
        assert [hop.code for hop in found.hops] == ["from_outside", "into_router", "led_in", "routed", "to_guest"]


def test_what_does_not_stand_is_named(cloud: Asked) -> None:
    cloud.world.vpcs.pop(cloud.router)
    assert cloud.said("near", "far") == "no_router"
    del cloud.world.segments[cloud.nic(cloud.near).network_id]
    assert cloud.said("near", "far") == "no_bridge"


def test_a_server_that_is_off(cloud: Asked) -> None:
    power.stop(cloud.house, cloud.call(), cloud.far.id)
    cloud.settle()
    found = cloud.asked("near", "far")
    assert found.stop is not None
    assert (found.stop.code, found.stop.facts) == ("guest_not_running", {"name": "far", "power": "off"})


def test_only_administrators_ask_and_only_of_ends(cloud: Asked) -> None:
    parcel = Parcel(sender="near", receiver="far", protocol=TCP, port=80)
    with pytest.raises(Forbidden):
        ask_why(cloud.house, cloud.call(), parcel)
    with pytest.raises(NotFound):
        cloud.said("nobody", "far")
    with pytest.raises(Invalid) as refused:
        cloud.said(cloud.router, "far")
    assert refused.value.facts["reason"] == "not_an_end"
