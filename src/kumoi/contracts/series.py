"""Where series of points are kept: blocks by archive, beginning and track. Beside the truth, never in it.

What is lost here is missed by charts only, so nobody waits for a disk. A shelf keeps what it is given; when a block is
written and rolled up, and what is in it, is `runtime.series`' business.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from kumoi.core.ids import InstanceId


class Track(NamedTuple):
    """One subject of an instance, with the meters that its blocks have, in their order."""

    instance_id: InstanceId
    subject: str
    meters: tuple[str, ...]


class Block(NamedTuple):
    """`start`: seconds since the epoch; `data`: 32-bit floats (`core.archives`)."""

    track: int
    start: int
    data: bytes


class Tracks(Protocol):
    """Numbers of tracks, never used again. All methods raise Unavailable (layer `store`) while the disk refuses."""

    def number(self, tracks: Iterable[Track]) -> dict[Track, int]:
        """The number of each; new ones are given theirs."""
        ...

    def of(self, instance_id: InstanceId) -> dict[Track, int]: ...
    def numbers(self, after: int, limit: int) -> list[int]:
        """In rising order."""
        ...

    def instances(self) -> set[InstanceId]: ...
    def forget(self, instances: Iterable[InstanceId]) -> None:
        """Their blocks cannot be found any more; `sweep` takes them away."""
        ...


class Blocks(Protocol):
    def put(self, level: int, blocks: Sequence[Block]) -> None:
        """All or none; instead of those that were there."""
        ...

    def get(self, level: int, starts: Sequence[int], tracks: Sequence[int]) -> list[Block]:
        """Those that exist, in no order."""
        ...

    def rolled(self, level: int) -> int | None:
        """Up to when this archive was made from the finer one; None for never."""
        ...

    def set_rolled(self, level: int, upto: int) -> None: ...
    def sweep(self, level: int, before: int, start: int) -> None:
        """Drop the blocks that began before, and those that began at `start` and whose track was forgotten."""
        ...


class Shelf(Tracks, Blocks, Protocol):
    """Safe for threads."""

    def close(self) -> None: ...
