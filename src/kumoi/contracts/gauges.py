"""What the guests of one host use, by their hypervisor's own counters."""

from typing import Protocol

from kumoi.core.readings import Reading


class Gauges(Protocol):
    """Looks from outside: no guest is asked to do anything, and nothing that acts on guests is held up.

    Raises Unavailable (layer `compute`) while the hypervisor does not answer.
    """

    def read(self) -> list[Reading]:
        """Every guest of this cloud that runs here, in one call; one whose state is being changed may be missing."""
        ...
