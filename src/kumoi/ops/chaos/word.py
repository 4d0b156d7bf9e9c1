"""What the cloud gave its word for: what it said was made or taken away, and what it never answered."""

import threading
from typing import Literal

import msgspec
from msgspec.structs import replace

Kind = Literal["server", "port", "floating_ip", "security_group", "image", "volume"]
Said = Literal["made", "gone", "unknown"]
PATHS: dict[Kind, str] = {
    "server": "/compute/v2.1/servers",
    "port": "/network/v2.0/ports",
    "floating_ip": "/network/v2.0/floatingips",
    "security_group": "/network/v2.0/security-groups",
    "image": "/image/v2/images",
    "volume": "/volume/v3/volumes",
}


class Promise(msgspec.Struct, frozen=True):
    """A thing and the last that was said of it. `unknown`: it was to be taken away, and no answer came, or what it was
    to be made of (`of`) was."""

    kind: Kind
    id: str
    said: Said
    of: str = ""


class Ledger:
    """All promises of a run, by id. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._promises: dict[str, Promise] = {}
        self.asked = 0
        self.unanswered = 0

    def made_of(self, kind: Kind, thing: str, of: str = "") -> None:
        """The cloud says that it is made, or (of something else) that it will be."""
        with self._lock:
            self._promises[thing] = Promise(kind, thing, "made", of)

    def leaving(self, thing: str) -> Promise:
        """It is to be taken away now; returns what held before."""
        with self._lock:
            before = self._promises[thing]
            for one in (before, *(p for p in self._promises.values() if p.of == thing)):
                if one.said == "made":
                    self._promises[one.id] = replace(one, said="unknown")
            return before

    def left(self, before: Promise, *, gone: bool) -> None:
        """The answer to that. A refusal leaves what held, unless another one has taken it away meanwhile."""
        with self._lock:
            if gone:
                self._promises[before.id] = replace(before, said="gone")
            elif self._promises[before.id].said == "unknown":
                self._promises[before.id] = before

    def mark(self) -> dict[str, Promise]:
        """As it is now, for `void_since`."""
        with self._lock:
            return dict(self._promises)

    def void_since(self, mark: dict[str, Promise]) -> None:
        """The cloud is again what it was about then: only what was said before, and not changed since, holds."""
        with self._lock:
            self._promises = {k: p for k, p in self._promises.items() if mark.get(k) == p}

    def count(self, *, answered: bool) -> None:
        with self._lock:
            self.asked += 1
            self.unanswered += not answered

    def all(self) -> list[Promise]:
        with self._lock:
            return list(self._promises.values())

    def made(self, kind: Kind) -> list[str]:
        """What is there for all that is known, the oldest first."""
        return [one.id for one in self.all() if one.kind == kind and one.said == "made"]
