"""Whatever a client sends, it hears what is wrong with it: never that the cloud made a mistake."""

import random
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from tests.usecase.networks.conftest import Neutron, World

from kumoi.api.openstack.network import RESOURCES
from kumoi.api.openstack.network.resources import Resource

ROUNDS = 400
PLAIN: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 10**12, 2**70, 1.5, "", "x" * 300, "é\0", "1" * 5000, "-1", "256"),
    *("10.0.0.5", "10.0.0.0/24", "0.0.0.0/0", "::/0", "2001:db8::/64", "fe80::1", "00:11:22:33:44:55"),
    *("tcp", "ingress", "IPv6", "slaac", "default", [], [None], ["x"], {}, {"a": 1}),
    [{"ip_address": "10.0.0.9"}],
    [{"start": "10.0.0.3", "end": "10.0.0.5"}],
    [{"destination": "10.0.0.0/8", "nexthop": "10.0.0.9"}],
)


def things(neutron: Neutron) -> tuple[str, ...]:
    """One of each kind, by id."""
    outer = neutron.make("networks", "admin", **{"router:external": True})["id"]
    neutron.make("subnets", "admin", network_id=outer, cidr="203.0.113.0/24", enable_dhcp=False)
    network = neutron.make("networks")["id"]
    return (
        outer,
        network,
        neutron.make("subnets", network_id=network, cidr="10.0.0.0/24")["id"],
        neutron.make("ports", network_id=network)["id"],
        neutron.make("routers")["id"],
        neutron.make("security-groups", name="x")["id"],
        neutron.make("subnetpools", prefixes=["10.9.0.0/16"])["id"],
        neutron.make("floatingips", floating_network_id=outer)["id"],
    )


def body(resource: Resource[Any], struct: type[Any], dice: random.Random, values: tuple[Any, ...]) -> dict[str, Any]:
    names = [field.encode_name for field in msgspec.structs.fields(struct)]
    chosen = dice.sample(names, min(len(names), dice.randrange(5)))
    needed = [field.encode_name for field in msgspec.structs.fields(struct) if field.required]
    return {resource.singular: {name: dice.choice(values) for name in {*chosen, *needed}}}


@pytest.mark.parametrize("seed", range(3))
def test_nonsense_is_refused_by_name(neutron: Neutron, world: World, seed: int) -> None:
    world.add_host()
    ids = things(neutron)
    dice, values = random.Random(seed), (*PLAIN, *ids)
    for _ in range(ROUNDS):
        resource: Resource[Any] = dice.choice(RESOURCES)
        path, who = resource.path.removeprefix("/v2.0/"), dice.choice(("one", "two", "admin"))
        words = [*resource.table.attributes, "sort_key", "limit", "marker", "page_reverse", "tags", "changed_since"]
        query = urlencode([(dice.choice(words), str(dice.choice(values))) for _ in range(dice.randrange(3))])
        answers = [
            neutron.ask("POST", path, body(resource, resource.new, dice, values), who),
            neutron.ask("GET", f"{path}?{query}", who=who),
        ]
        if resource.change is not None:
            wish = body(resource, resource.change, dice, values)
            answers.append(neutron.ask("PUT", f"{path}/{dice.choice(ids)}", wish, who))
        assert [a.body for a in answers if a.status >= 500] == []
