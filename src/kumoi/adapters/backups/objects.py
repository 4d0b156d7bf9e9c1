"""What a store of backups is made of: objects by name, in one heap for each place."""

from typing import Protocol


class Objects(Protocol):
    """Raises NotFound; Unavailable, layer `storage`. Safe for many threads, also for the same object."""

    def put(self, place: str, name: str, data: bytes) -> None:
        """Whole and durable when it returns, or not there (or as it was)."""
        ...

    def get(self, place: str, name: str) -> bytes: ...
    def clear(self, place: str, first: str) -> None:
        """All of the place go, the one named `first` before the others. Harmless where there are none."""
        ...

    def places(self) -> set[str]: ...
