"""What a host does not have yet: the entries of its sections above the serials it names."""

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.errors import Stale
from kumoi.core.ids import HostId, SectionKey, SessionId
from kumoi.core.plan import FetchAsk, SectionDelta


def deltas(house: House, ask: FetchAsk) -> tuple[SectionDelta, ...]:
    """News for the host, possibly none. Raises Stale for a session or epoch that is no longer the current one."""

    check_epoch(house, ask.host_id, ask.epoch)

    def read(tx: Transaction) -> tuple[SectionDelta, ...]:
        check_session(tx, ask.host_id, ask.session)
        return tuple(d for key, have in ask.have.items() if (d := tx.sections.delta(key, have)) is not None)

    return house.store.read(read)


def check_epoch(house: House, host_id: HostId, epoch: int) -> None:
    """A host that knows another epoch of the cloud greets again first. Not inside a transaction."""
    if epoch != house.store.epoch():
        raise Stale("host", kind="epoch", id=host_id)


def check_session(tx: Transaction, host_id: HostId, session: SessionId) -> None:
    """Only the session of the last hello speaks for a host."""
    host = tx.hosts.get(host_id)
    if host is None or host.session != session:
        raise Stale("host", kind="session", id=host_id)


def subscribed(ask: FetchAsk) -> tuple[SectionKey, ...]:
    return tuple(ask.have)
