"""Bytes that no layer speaks of go: what refused or cut-off uploads left, and what collected layers leave."""

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.query import Query, alive, is_in


class Sweeper:
    """Removes what was already unspoken-of a sweep ago: an upload is unspoken-of for a moment between its two steps."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._suspects: set[str] = set()

    def sweep(self) -> int:
        """Returns how many went."""
        unspoken = self._unspoken()
        gone = unspoken & self._suspects
        for sha256 in gone:
            self._house.blobs.remove(sha256)
        self._suspects = unspoken - gone
        return len(gone)

    def _unspoken(self) -> set[str]:
        here = set(self._house.blobs.all())
        if not here:
            return here

        def spoken(tx: Transaction) -> set[str]:
            layers = tx.layers.find(Query(filters=(is_in("sha256", tuple(here)),)))
            staged = tx.images.find(Query(filters=(is_in("staged_sha256", tuple(here)), alive())))
            return {layer.sha256 for layer in layers} | {image.staged_sha256 or "" for image in staged}

        return here - self._house.store.read(spoken)
