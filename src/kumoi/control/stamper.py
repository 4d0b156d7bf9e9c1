"""Marks become plan entries: compile from the rows as they are now, give each changed section one new serial.

One stamper works at a time (a lease); it is level-triggered: a mark only says "look", never what to write.
"""

from collections.abc import Callable

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.sections import Mark, Stamp
from kumoi.control.compile import Compiler
from kumoi.core.ids import SectionKey

BATCH = 512
LEASE_S = 15.0
SECTION_TOPIC = "section"


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
        serials = tx.sections.stamp(stamps(tx, marks))
        tx.sections.unmark(marks)
        return serials, len(marks)


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
    }
    found = []
    for mark in marks:
        kind, _, resource_id = mark.entry.partition("/")
        body = by_kind[kind](mark, resource_id)
        cause = "" if body is not None else "deleted"
        found.append(Stamp(section=mark.section, entry=mark.entry, body=body, cause=cause))
    return found
