"""QoS specs of volumes: limits that types are associated with. Words and values as they were said."""

from typing import Final, Literal

import msgspec

from kumoi.core.ids import VolumeQosId

Consumer = Literal["front-end", "back-end", "both"]
CONSUMERS: Final[tuple[Consumer, ...]] = ("front-end", "back-end", "both")


class VolumeQos(msgspec.Struct, frozen=True, kw_only=True):
    """`consumer`: who limits: what runs the guests, what keeps the volumes, or both."""

    id: VolumeQosId
    name: str
    consumer: Consumer = "back-end"
    specs: dict[str, str] = {}
    generation: int = 1
    created_at: float = 0.0
