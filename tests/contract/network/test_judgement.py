"""The judge of flows, in Python, and the kernel's rules say the same: else changes would cut what is allowed, or spare
what is not.
"""

import random
from itertools import permutations
from typing import Any

import pytest
from tests.contract.network.plans import filters, group, net, new

from kumoi.adapters.linux.flows import doomed
from kumoi.adapters.linux.netfilter import Flow
from kumoi.contracts.network import Filters
from kumoi.core.groups import SecurityRule
from kumoi.core.ids import AddressGroupId, GroupId, ProjectId, RuleId
from kumoi.core.plan import GroupEntry, NetworkEntry, NicEntry

PORTS = (22, 80, 443)
ZONE = 1
NAMED = AddressGroupId(new())


def any_rule(chance: random.Random, group_id: GroupId, others: list[GroupId]) -> SecurityRule:
    low = chance.choice([None, 22, 80, 443])
    return SecurityRule(
        id=RuleId(new()),
        group_id=group_id,
        project_id=ProjectId(new()),
        direction=chance.choice(["ingress", "ingress", "egress"]),
        protocol=chance.choice(["tcp", "tcp", "6", None, "udp"]),
        port_min=low,
        port_max=None if low is None else max(low, chance.choice([80, 443])),
        **chance.choice(
            [
                {},
                {"remote_cidr": chance.choice(["10.0.0.0/24", "10.0.0.12/32", "10.0.0.8/29", "192.0.2.0/24"])},
                {"remote_group_id": chance.choice(others)},
                {"remote_address_group_id": NAMED},
            ]
        ),
    )


def any_plan(chance: random.Random, groups: list[GroupEntry]) -> tuple[GroupEntry, ...]:
    ids = [g.id for g in groups]
    made: list[GroupEntry] = []
    for each in groups:
        # Most let everything out, or hardly a flow would ever pass both ends.
        out = each.rules[: chance.random() < 0.8]
        own = [any_rule(chance, each.id, ids) for _ in range(chance.randint(1, 5))]
        made.append(GroupEntry(id=each.id, rules=(*out, *own), blocks={NAMED: ("10.0.0.11/32", "10.0.0.12/31")}))
    return tuple(made)


def allowed(
    place: NetworkEntry, wanted: Filters, nics: tuple[NicEntry, ...], ends: tuple[NicEntry, NicEntry], port: int
) -> bool:
    a, b = ends
    source, destination = a.fixed_ips[0].address, b.fixed_ips[0].address
    flow = Flow(
        zone=ZONE, protocol=6, source=source, destination=destination, source_port=40000, destination_port=port,
        answers_from=destination, answers_to=source, raw=b"",
    )  # fmt: skip
    return doomed([flow], wanted, nics, {place.id: ZONE}) == []


@pytest.mark.parametrize("seed", range(2))
def test_kernel_and_judge_agree(linux: Any, seed: int) -> None:
    chance, place = random.Random(seed), net()
    groups = [group() for _ in range(3)]
    nics = tuple(place.nic(11 + n, *chance.sample(groups, chance.randint(1, 2))) for n in range(3))
    linux.network.ensure_segment(place.segment(*nics))
    for nic in nics:
        linux.plug(nic, place.entry)
    passed = 0
    for _ in range(3):
        wanted = filters(any_plan(chance, groups), *nics)
        linux.network.ensure_filters(wanted, nics)
        for a, b in permutations(nics, 2):
            for port in PORTS:
                expected = allowed(place.entry, wanted, nics, (a, b), port)
                # What is to pass is waited for; silence is heard for a moment only.
                through = linux.let_through(a.id, b.fixed_ips[0].address, port, 10.0 if expected else 0.12)
                assert through == expected, (a.id, b.id, port, wanted.groups)
                passed += through
    assert 5 < passed < 49
