"""The link between control and a host. The host always dials; five verbs and a greeting."""

from collections.abc import Iterator
from typing import Protocol

from kumoi.core.meters import Samples, SamplesMany
from kumoi.core.plan import (
    FetchAsk,
    Fetched,
    FetchedMany,
    FetchMany,
    Hello,
    Report,
    ReportMany,
    ReportsTaken,
    Welcome,
)


class Link(Protocol):
    """Raises Unavailable when control does not answer, Stale when the session or epoch is not the current one.

    `sample` is asked only of a control whose welcome names the capability.
    """

    def hello(self, hello: Hello) -> Welcome: ...
    def fetch(self, ask: FetchAsk) -> Fetched:
        """Long-poll: returns when a section that was named (or the host's own) has news, asks are open, or time is
        up."""
        ...

    def report(self, report: Report) -> None: ...
    def sample(self, samples: Samples) -> None: ...
    def read(self, ask_id: str, answer: bytes) -> None:
        """Answer an Ask."""
        ...

    def stream(self, sha256: str) -> Iterator[bytes]:
        """The bytes of a layer."""
        ...


class ManyLink(Protocol):
    """The link of many hosts in one process: one question and one telling for all of them. Raises Unavailable."""

    def hello(self, hello: Hello) -> Welcome: ...
    def fetch_many(self, ask: FetchMany) -> FetchedMany: ...
    def report_many(self, reports: ReportMany) -> ReportsTaken: ...
    def sample_many(self, samples: SamplesMany) -> None:
        """Those of a host whose session is not the current one are dropped."""
        ...

    def read(self, ask_id: str, answer: bytes) -> None: ...
    def stream(self, sha256: str) -> Iterator[bytes]: ...
