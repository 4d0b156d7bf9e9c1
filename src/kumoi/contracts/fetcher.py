"""Bytes from a URL that a user named: never from where only the cloud itself may look."""

from collections.abc import Iterator
from typing import Protocol


class Fetcher(Protocol):
    """`check` refuses a URL that is never fetched (Invalid; reason: not_fetched), by its text alone. `fetch` yields its
    bytes; it refuses so too, also where a name or a redirect leads there, and raises Unavailable (what: url) where
    nobody answers, slowly or not at all."""

    def check(self, url: str) -> None: ...
    def fetch(self, url: str) -> Iterator[bytes]: ...
