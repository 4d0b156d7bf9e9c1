"""What many hosts do not have yet, in one look: each delta is read once, however many hosts lack it."""

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.ids import HostId, SectionKey
from kumoi.core.plan import FetchAsk, SectionDelta

Lack = tuple[SectionKey, int]


class News(msgspec.Struct, frozen=True):
    """`lacks`: for each host with news, the deltas that it needs, by section and serial it has."""

    deltas: dict[Lack, SectionDelta]
    lacks: dict[HostId, list[Lack]]
    stale: list[HostId]


def news(house: House, asks: tuple[FetchAsk, ...]) -> News:
    """A host whose session or epoch is not the current one is told so, and nothing else."""
    epoch = house.store.epoch()
    return house.store.read(lambda tx: _read(tx, asks, epoch))


def _read(tx: Transaction, asks: tuple[FetchAsk, ...], epoch: int) -> News:
    sessions = {host.id: host.session for host in tx.hosts.many(tuple(ask.host_id for ask in asks))}
    found = News({}, {}, [])
    serials: dict[SectionKey, int] = {}
    for ask in asks:
        if ask.epoch != epoch or sessions.get(ask.host_id) != ask.session:
            found.stale.append(ask.host_id)
            continue
        for lack in ask.have.items():
            key, have = lack
            if key not in serials:
                serials[key] = tx.sections.serial(key)
            if serials[key] == have:
                continue
            if lack not in found.deltas and (delta := tx.sections.delta(key, have)) is not None:
                found.deltas[lack] = delta
            if lack in found.deltas:
                found.lacks.setdefault(ask.host_id, []).append(lack)
    return found
