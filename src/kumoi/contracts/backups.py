"""Where backups are kept: outside of every pool, and of the cloud if that is wished."""

from collections.abc import Iterator
from typing import Protocol

from kumoi.core.backups import KeptBackup


class Backups(Protocol):
    """Backups by their places: names that the caller gave them. Other clouds may keep theirs in the same store.

    Raises core errors, layer `storage`: NotFound where there is no whole one; Unavailable (what: space, files, backup)
    where the store or something in it is not as it was written.
    """

    def keep(self, place: str, path: str, parent: str | None) -> KeptBackup:
        """Keep the disk in this file, a qcow2 that stands alone, and read it back: whole when it returns.

        What the backup at `parent` holds already is not kept again. Harmless twice; what was cut off never counts.
        Invalid for a file that is no such disk.
        """
        ...

    def look(self, place: str) -> KeptBackup:
        """What is kept, by its own record; its bytes are not read."""
        ...

    def read(self, place: str) -> Iterator[bytes]:
        """The disk again, as a qcow2 that stands alone; each part of it is checked before it is given."""
        ...

    def remove(self, place: str) -> None:
        """Harmless where there is nothing. What others need of it is theirs to guard."""
        ...

    def places(self) -> set[str]:
        """Of all that is in the store, whole or not, whoever's it is."""
        ...
