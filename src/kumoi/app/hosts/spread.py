"""How far a change of the plan has come: which of the hosts that follow a section hold its newest serial."""

import msgspec

from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.ids import HostId, SectionKey
from kumoi.core.policy import allow


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """`reached_at`: when the last of them came to hold it, in seconds since the epoch; None while some are behind."""

    serial: int
    holding: int
    behind: tuple[HostId, ...]
    reached_at: float | None


def spread(house: House, call: Call, section: SectionKey) -> Spread:
    """Nobody follows a section that is not there."""
    allow(call, "host.read")
    serial = house.store.read(lambda tx: tx.sections.serial(section))
    held = house.holdings.of(section)
    behind = tuple(sorted(host for host, (have, _) in held.items() if have < serial))
    reached_at = max((at for _, at in held.values()), default=None) if not behind else None
    return Spread(serial=serial, holding=len(held) - len(behind), behind=behind, reached_at=reached_at)
