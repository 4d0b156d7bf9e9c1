"""Metering labels, from Neutron's API to what routers are told and to what they answer."""

from typing import Any

import msgspec
import pytest
from tests.usecase.networks.conftest import PROJECTS, Neutron, World
from tests.usecase.networks.planned import entries

from kumoi.app.networks.metering import RouterCount, counted
from kumoi.core.ids import MeteringLabelId, VpcId
from kumoi.core.metering import Count
from kumoi.core.pictures import Picture, SeenRoom
from kumoi.core.plan import VpcEntry

LABELS, RULES = "metering/metering-labels", "metering/metering-label-rules"


class Place:
    """A router of project one's and one of project two's on one host."""

    def __init__(self, neutron: Neutron, world: World) -> None:
        self.neutron, self.world = neutron, world
        self.host = world.add_host()
        self.routers = {who: neutron.make("routers", who, name=who)["id"] for who in ("one", "two")}

    def label(self, **attributes: Any) -> str:
        return str(self.make(LABELS, "metering_label", attributes)["id"])

    def rule(self, label: str, **attributes: Any) -> str:
        made = self.make(RULES, "metering_label_rule", {"metering_label_id": label, **attributes})
        return str(made["id"])

    def make(self, path: str, key: str, attributes: dict[str, Any]) -> Any:
        answer = self.neutron.ask("POST", path, {key: attributes}, "admin")
        assert answer.status == 201, answer.body
        return answer.json()[key]

    def told(self) -> dict[str, dict[str, int]]:
        """By project: how many rules of which labels its router counts by."""
        found = {e.id: e for e in entries(self.world, f"host/{self.host}", VpcEntry)}
        return {
            who: {label.label_id: len(label.rules) for label in found[VpcId(router)].metered}
            for who, router in self.routers.items()
        }


@pytest.fixture
def place(neutron: Neutron, world: World) -> Place:
    return Place(neutron, world)


def test_routers_count_by_their_projects_labels_and_shared_ones(place: Place) -> None:
    own = place.label(name="own", project_id=PROJECTS["one"])
    shared = place.label(name="all", shared=True)
    first = place.rule(own, direction="egress", remote_ip_prefix="10.0.0.0/24")
    place.rule(own, source_ip_prefix="192.0.2.0/24", destination_ip_prefix="10.0.0.0/8", excluded=True)
    assert place.told() == {"one": {own: 2, shared: 0}, "two": {shared: 0}}
    place.neutron.drop(f"{RULES}/{first}", who="admin")
    assert place.told()["one"] == {own: 1, shared: 0}
    place.neutron.drop(f"{LABELS}/{shared}", who="admin")
    place.neutron.drop(f"{LABELS}/{own}", who="admin")
    assert place.told() == {"one": {}, "two": {}}
    assert place.neutron.get(RULES, "admin")["metering_label_rules"] == []


def test_they_are_the_providers(place: Place) -> None:
    label = place.label(project_id=PROJECTS["one"])
    for method, path in (("GET", LABELS), ("GET", f"{LABELS}/{label}"), ("DELETE", f"{LABELS}/{label}")):
        assert place.neutron.refused(method, path)[0] == 403
    assert place.neutron.refused("POST", LABELS, {"metering_label": {}})[0] == 403


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({}, 400),
        ({"remote_ip_prefix": "10.0.0.9"}, 400),
        ({"remote_ip_prefix": "10.0.0.0/8", "source_ip_prefix": "192.0.2.0/24"}, 400),
        ({"source_ip_prefix": "fd00::/8", "destination_ip_prefix": "10.0.0.0/8"}, 400),
        ({"remote_ip_prefix": "10.0.0.0/25"}, 409),
        ({"remote_ip_prefix": "10.0.0.0/25", "direction": "egress"}, 201),
        ({"remote_ip_prefix": "10.0.1.0/24"}, 201),
        ({"remote_ip_prefix": "::/0"}, 201),
    ],
)
def test_a_rule_makes_sense(place: Place, attributes: dict[str, Any], status: int) -> None:
    label = place.label()
    place.rule(label, remote_ip_prefix="10.0.0.0/24")
    body = {"metering_label_rule": {"metering_label_id": label, **attributes}}
    assert place.neutron.ask("POST", RULES, body, "admin").status == status


def test_what_a_host_tells_is_told_by_router(place: Place, world: World) -> None:
    label = MeteringLabelId(place.label(shared=True))
    vpcs = tuple(world.house.store.read(lambda tx: tx.vpcs.many(tuple(place.routers.values()))))
    counter = {"counter": {"name": f"label-{label}", "packets": 3, "bytes": 180}}
    room = SeenRoom(name="qrouter-x", devices=(), rules=({"table": {}}, counter))
    picture = Picture(rooms=(room,), bridges={}, taps={}, legs={}, rooms_of={vpcs[0].id: "qrouter-x"})
    told = counted(label, vpcs, msgspec.json.encode(picture))
    assert told == [
        RouterCount(vpc=vpcs[0], count=Count(packets=3, bytes=180)),
        RouterCount(vpc=vpcs[1], count=None),
    ]
