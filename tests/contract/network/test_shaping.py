"""QoS in the kernel: what is over a limit does not arrive, what is marked arrives marked. Counted, never timed: the
limits are so low that only what a burst allows can pass while a test lasts."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.network.plans import filters, group, net

from kumoi.core.plan import NicEntry
from kumoi.core.qos import Shaping

MANY, FEW = 60, 15
ANY_UDP = group({"protocol": "udp"}, {"protocol": "icmp"})
BYTES = b"x" * 1000


class Pair:
    """Two guests of one network; what the first shouts, the second hears."""

    def __init__(self, linux: Any) -> None:
        self._linux = linux
        self._place = net()
        self._nics = (self._place.nic(11, ANY_UDP), self._place.nic(12, ANY_UDP))
        self.shape()
        linux.network.ensure_segment(self._place.segment(*self._nics))
        for nic in self._nics:
            linux.plug(nic, self._place.entry)
        assert linux.ping(self._nics[0].id, self._place.host(12))

    def shape(self, sender: Shaping | None = None, receiver: Shaping | None = None, **changed: Any) -> None:
        shaped: tuple[NicEntry, ...] = tuple(
            replace(nic, shaping=shaping, **changed)
            for nic, shaping in zip(self._nics, (sender, receiver), strict=True)
        )
        self._linux.network.ensure_filters(filters((ANY_UDP,), *shaped), shaped)

    def heard(self, payload: bytes) -> list[bytes]:
        """The frames that came of many with this payload; the limits are gone afterwards."""
        sender, receiver = self._nics
        ear = self._linux.listen_frames(receiver.id)
        self._linux.shout(sender.id, self._place.host(12), 9, [payload] * MANY)
        self.shape()
        self._linux.shout(sender.id, self._place.host(12), 9, [b"the last one"])
        return [frame for frame in self._linux.heard(ear, b"the last one") if payload in frame]


@pytest.fixture
def pair(linux: Any) -> Pair:
    return Pair(linux)


def test_without_limits_everything_arrives(pair: Pair) -> None:
    assert len(pair.heard(BYTES)) == MANY


@pytest.mark.parametrize("limits", [
    {"sender": Shaping(egress_kbps=1, egress_burst_kbit=1)},
    {"receiver": Shaping(ingress_kbps=1, ingress_burst_kbit=1)},
    {"sender": Shaping(egress_kbps=1, egress_burst_kbit=1), "port_security": False, "group_ids": ()},
], ids=["sent", "received", "unsecured"])  # fmt: skip
def test_what_is_over_a_limit_does_not_arrive(pair: Pair, limits: dict[str, Any]) -> None:
    pair.shape(**limits)
    assert 1 <= len(pair.heard(BYTES)) <= FEW


def test_limits_are_of_their_own_direction(pair: Pair) -> None:
    pair.shape(Shaping(ingress_kbps=1, ingress_burst_kbit=1), Shaping(egress_kbps=1, egress_burst_kbit=1))
    assert len(pair.heard(BYTES)) == MANY


def test_what_is_marked_arrives_marked(pair: Pair) -> None:
    pair.shape(Shaping(dscp=26))
    assert {frame[15] >> 2 for frame in pair.heard(BYTES)} == {26}
    assert {frame[15] >> 2 for frame in pair.heard(BYTES)} == {0}
