"""Marks become plan entries: compile from the rows as they are now, give each changed section one new serial.

One stamper works at a time (a lease); it is level-triggered: a mark only says "look", never what to write.
"""

from collections.abc import Callable

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.sections import Mark, Stamp
from kumoi.control.compile import Compiler
from kumoi.core.ids import SectionKey
from kumoi.runtime import log

BATCH = 512
LEASE_S = 15.0
SECTION_TOPIC = "section"
# What a broken row brings forth; what the database says is not among it. One must not hold up the whole cloud's plan.
_BROKEN = (AssertionError, LookupError, ValueError, TypeError)


class Stamper:
    """`holder` names this process in the lease."""

    def __init__(self, house: House, holder: str) -> None:
        self._house = house
        self._holder = holder

    def stamp_all(self) -> int:
        """Stamp until no mark is left, waking the hosts of each changed section; returns how many marks were done."""
        total = 0
        while True:
            serials, done = self._house.store.write(self._stamp)
            for section in serials:
                self._house.hints.publish(SECTION_TOPIC, section)
            total += done
            if done < BATCH:
                return total

    def _stamp(self, tx: Transaction) -> tuple[dict[SectionKey, int], int]:
        if not tx.leases.take("stamper", self._holder, LEASE_S):
            return {}, 0
        marks = tx.sections.marks(BATCH)
        if not marks:
            return {}, 0
        good = self._stampable(tx, marks)
        serials = tx.sections.stamp([stamp for _, stamp in good])
        tx.sections.unmark([mark for mark, _ in good])
        return serials, len(good)

    def _stampable(self, tx: Transaction, marks: list[Mark]) -> list[tuple[Mark, Stamp]]:
        """All of them; where one breaks, each alone, and what breaks keeps its mark and is told of."""
        try:
            return list(zip(marks, stamps(tx, marks), strict=True))
        except _BROKEN as e:
            log.get(loop="stamp").warning("batch_unstampable", marks=len(marks), error=repr(e))
        good: list[tuple[Mark, Stamp]] = []
        for mark in marks:
            try:
                good += [(mark, stamp) for stamp in stamps(tx, [mark])]
            except _BROKEN as e:
                log.get(loop="stamp").error("entry_unstampable", section=mark.section, entry=mark.entry, error=repr(e))
        return good


def stamps(tx: Transaction, marks: list[Mark]) -> list[Stamp]:
    """What each marked entry is now: its spec as JSON, or absent."""
    compiler = Compiler(tx, marks)
    by_kind: dict[str, Callable[[Mark, str], bytes | None]] = {
        "instance": compiler.instance,
        "vpc": compiler.vpc,
        "network": compiler.network,
        "subnet": compiler.subnet,
        "nic": compiler.nic,
        "group": compiler.group,
        "member": compiler.member,
        "volume": compiler.volume,
        "snapshot": compiler.snapshot,
    }
    found = []
    for mark in marks:
        kind, _, resource_id = mark.entry.partition("/")
        body = by_kind[kind](mark, resource_id)
        cause = "" if body is not None else "deleted"
        found.append(Stamp(section=mark.section, entry=mark.entry, body=body, cause=cause))
    return found
