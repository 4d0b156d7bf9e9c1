"""Counters of routers: what they count, and that they go on when other things change."""

import pytest
from msgspec.structs import replace
from tests.contract.network.plans import new
from tests.contract.network.rig import Rig
from tests.contract.network.test_network import Routed

from kumoi.core.groups import Direction
from kumoi.core.ids import MeteringLabelId, MeteringRuleId, ProjectId
from kumoi.core.metering import Metered, MeteringRule, counts
from kumoi.core.pictures import Scope
from kumoi.core.plan import VpcEntry
from kumoi.core.vpcs import Floating


def label(*rules: MeteringRule) -> Metered:
    return Metered(label_id=MeteringLabelId(new()), rules=rules)


def rule(direction: Direction, near: str, **changed: bool) -> MeteringRule:
    return MeteringRule(
        id=MeteringRuleId(new()),
        project_id=ProjectId(new()),
        label_id=MeteringLabelId(new()),
        direction=direction,
        near=near,
        **changed,
    )


class Counting:
    """A router with labels: one of what `a` sends, one of what `a`'s network receives but not `c`."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.routed = rig, Routed(rig)
        inside = f"{self.routed.one.host(0)}/24"
        self.sent = label(rule("egress", f"{self.routed.one.host(11)}/32"))
        without_c = rule("ingress", f"{self.routed.one.host(13)}/32", excluded=True)
        self.received = label(rule("ingress", inside), without_c)
        self.entry = replace(self.routed.vpc, metered=(self.sent, self.received))
        self.ensure(self.entry)

    def ensure(self, entry: VpcEntry) -> None:
        self.rig.network.ensure_vpc(entry)

    def counted(self) -> dict[MeteringLabelId, int]:
        """Packets, by label."""
        picture = self.rig.network.picture(Scope(vpcs=(self.entry.id,)))
        room = picture.room(picture.rooms_of[self.entry.id])
        assert room is not None
        return {one: count.packets for one, count in counts(room.rules or ()).items()}

    def both(self) -> tuple[int, int]:
        now = self.counted()
        return now[self.sent.label_id], now[self.received.label_id]

    def call_out(self, guest: str) -> None:
        assert self.rig.call(guest, self.routed.outside.host(50), 80) is not None


@pytest.fixture
def counting(rig: Rig) -> Counting:
    return Counting(rig)


def test_what_the_rules_say_is_counted_and_nothing_else(counting: Counting) -> None:
    routed, rig = counting.routed, counting.rig
    assert counting.both() == (0, 0)
    assert rig.call(routed.a.id, routed.two.host(12), 80) is not None
    assert counting.both() == (0, 0), "it stayed inside"
    counting.call_out(routed.c.id)
    assert counting.both() == (0, 0), "another one's, and an excluded one's"
    counting.call_out(routed.b.id)
    assert counting.both() == (0, 0), "another network's"
    counting.call_out(routed.a.id)
    sent, received = counting.both()
    assert min(sent, received) >= 3, "a connection and its end are several packets each way"


def test_counters_go_on_when_other_things_change(counting: Counting) -> None:
    routed = counting.routed
    counting.call_out(routed.a.id)
    before = counting.both()
    floating = (Floating(public=routed.outside.host(200), fixed=routed.two.host(12)),)
    more = label(rule("ingress", "::/0"))
    counting.ensure(replace(counting.entry, floating=floating, metered=(*counting.entry.metered, more)))
    assert counting.both() == before
    counting.rig.restart_driver()
    counting.ensure(counting.entry)
    assert counting.both() == before
    assert more.label_id not in counting.counted()
    counting.call_out(routed.a.id)
    assert all(now > then for now, then in zip(counting.both(), before, strict=True))
    counting.ensure(routed.vpc)
    assert counting.counted() == {}
