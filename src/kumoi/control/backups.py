"""Backups that nobody has any more go from where they are kept; and statuses that do not follow from what is known."""

from kumoi.app.backups.writing import project_backup
from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.query import Query, alive, is_in


def sweep_backups(house: House) -> int:
    """Returns how many places went. One of which no row speaks is another cloud's, or was; it stays.

    A place may be written while its row is deleted: it is found again by the next sweep, as long as the row is kept.
    """
    here = house.backups.places()
    gone = house.store.read(lambda tx: _gone(tx, here)) if here else set()
    for place in sorted(gone):
        house.backups.remove(place)
    return len(gone)


def _gone(tx: Transaction, here: set[str]) -> set[str]:
    rows = tx.backups.find(Query(filters=(is_in("place", tuple(here)),)))
    living = {one.place for one in rows if one.deleted_at is None}
    return {one.place for one in rows} - living


def mend_backups(house: House) -> int:
    """Returns how many were wrong."""

    def mend(tx: Transaction) -> int:
        now, wrong = house.clock.now(), 0
        for one in tx.backups.find(Query(filters=(alive(),))):
            after = project_backup(tx, one, now)
            if after is not one:
                tx.backups.save(after)
                wrong += 1
        return wrong

    return house.store.write(mend)
