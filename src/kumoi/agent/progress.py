"""Which serials were really acted upon: a report claims no more, since absence under it frees addresses for others.

A serial counts once every key that its delta touched has been through a pass that began after the delta was accepted.
"""

import threading
from collections.abc import Iterable

from kumoi.core.ids import SectionKey


class _Step:
    __slots__ = ("number", "section", "serial", "waiting")

    def __init__(self, number: int, section: SectionKey, serial: int, waiting: set[str]) -> None:
        self.number = number
        self.section = section
        self.serial = serial
        self.waiting = waiting


class Progress:
    """Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._steps: list[_Step] = []
        self._acted: dict[SectionKey, int] = {}

    def accepted(self, section: SectionKey, serial: int, keys: Iterable[str]) -> None:
        """A delta is in the ledger; these keys have to look before its serial counts."""
        with self._lock:
            self._number += 1
            self._steps.append(_Step(self._number, section, serial, set(keys)))
            self._advance()

    def began(self) -> int:
        """A ticket for a pass that begins now."""
        with self._lock:
            return self._number

    def ended(self, key: str, ticket: int) -> None:
        """The pass with this ticket looked at the key and came to its end."""
        with self._lock:
            for step in self._steps:
                if step.number <= ticket:
                    step.waiting.discard(key)
            self._advance()

    def dropped(self, section: SectionKey) -> None:
        with self._lock:
            self._steps = [s for s in self._steps if s.section != section]
            self._acted.pop(section, None)

    def restart(self) -> None:
        """A new epoch counts anew: what was acted upon before says nothing under it."""
        with self._lock:
            self._steps.clear()
            self._acted.clear()

    def acted(self) -> dict[SectionKey, int]:
        with self._lock:
            return dict(self._acted)

    def _advance(self) -> None:
        blocked: set[SectionKey] = set()
        left = []
        for step in self._steps:
            if step.waiting or step.section in blocked:
                blocked.add(step.section)
                left.append(step)
            else:
                self._acted[step.section] = step.serial
        self._steps = left
