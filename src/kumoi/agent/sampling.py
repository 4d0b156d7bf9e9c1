"""What the guests use, looked at every so often and told to control in batches.

A loop of its own, so that a slow hypervisor holds up nothing else; it looks without anybody's lock. Points that
control did not take wait for a few minutes and are told with the next ones, then they are dropped. Every host looks at
its own moment of each period: a thousand hosts make no burst, and each step of the finest archive gets one point.
"""

from collections import deque
from collections.abc import Callable
from typing import Final
from zlib import crc32

from kumoi.agent.hands import Hands
from kumoi.contracts.chance import Chance
from kumoi.core.archives import LATE_S
from kumoi.core.errors import KumoiError, Stale, Unavailable
from kumoi.core.ids import InstanceId, SessionId
from kumoi.core.meters import NAMES, Point, Samples, nic_subject
from kumoi.core.nics import tap_name
from kumoi.core.readings import Reading, points
from kumoi.runtime.loop import Loop, Pace

SAMPLE: Final = "sample"
EARLY_S: Final = 0.05


class Sampling:
    """`session`: of the control that takes samples; None while there is none. `name` decides the host's moment."""

    def __init__(self, hands: Hands, name: str, session: Callable[[], SessionId | None], chance: Chance) -> None:
        self._hands = hands
        self._session = session
        self._period_s = hands.manner.sample_s
        # Away from the ends of a period, where a late look would fall into the next one.
        self._moment_s = self._period_s * (0.1 + 0.8 * (crc32(name.encode()) % 1000) / 1000)
        self._at = 0.0
        self._seen: tuple[float, dict[InstanceId, Reading]] = (0.0, {})
        self._waiting: deque[tuple[float, list[Point]]] = deque()
        pace = Pace(resync_s=3600.0, patience_s=max(1.0, self._period_s))
        self.loop = Loop("samples", self._pass, self._keys, hands.clock, chance, pace)

    def _keys(self) -> tuple[str, ...]:
        return (SAMPLE,) if self._period_s > 0 else ()

    def _pass(self, key: str) -> None:
        now = self._hands.clock.now()
        early = now < self._at - EARLY_S
        if not early:
            turn = (now - self._moment_s + EARLY_S) // self._period_s + 1
            self._at = turn * self._period_s + self._moment_s
        self.loop.again_in(key, self._at - now)
        if early:
            return
        session = self._session()
        if session is not None:
            self._look(now)
            self._tell(session)

    def _look(self, now: float) -> None:
        """Strangers, and guests that no plan names, are nobody's business."""
        own = self._hands.ledger.own().instances
        moment = self._hands.clock.monotonic()
        found = {one.id: one for one in self._hands.drivers.gauges.read() if one.id in own}
        before_at, before = self._seen
        self._seen = (moment, found)
        fresh: list[Point] = []
        for reading in found.values():
            taps = {tap_name(plug.nic_id): nic_subject(plug.nic_id) for plug in own[reading.id].nics}
            fresh += points(before.get(reading.id), reading, moment - before_at, round(now, 3), taps)
        if fresh:
            self._waiting.append((now, fresh))
        while self._waiting and self._waiting[0][0] < now - LATE_S:
            self._waiting.popleft()

    def _tell(self, session: SessionId) -> None:
        told = [point for _, batch in self._waiting for point in batch]
        if not told:
            return
        host, names = self._hands.ledger.identity.host_id, {str(kind): held for kind, held in NAMES.items()}
        try:
            self._hands.link.sample(Samples(host_id=host, session=session, names=names, points=tuple(told)))
        except (Unavailable, Stale):
            raise  # the next session, or the next answer, is offered them again
        except KumoiError:
            self._waiting.clear()  # whatever control has against them, it will have it again
            raise
        self._waiting.clear()
