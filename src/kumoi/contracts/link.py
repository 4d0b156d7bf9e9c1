"""The link between control and a host. The host always dials; seven verbs and a greeting."""

from collections.abc import Iterator
from socket import socket
from typing import Protocol

import msgspec

from kumoi.core.consoles import ConsoleEnd
from kumoi.core.copies import CopyOffer
from kumoi.core.flocks import FetchedMany, FetchMany, ReportMany, ReportsTaken
from kumoi.core.meters import Samples, SamplesMany
from kumoi.core.plan import FetchAsk, Fetched, Hello, Report, Welcome


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What came by a stream: `data` for us, `answer` to be sent back at once; `ended` where nothing follows."""

    data: bytes = b""
    answer: bytes = b""
    ended: bool = False


class Stream(Protocol):
    """Bytes both ways between a host and whoever asked for them. Its verbs do no I/O: the owner watches, reads and
    writes `socket`, and passes through here what came and what is to go. `early` came before it was handed over.
    """

    socket: socket
    early: bytes

    def wrap(self, data: bytes) -> bytes:
        """What to send so that the other side gets this."""
        ...

    def unwrap(self, came: bytes) -> Received:
        """`came` is what was read; empty where the socket has ended."""
        ...

    def farewell(self, end: ConsoleEnd | None) -> bytes:
        """The last to be sent: that it ends, and why, where there is something to say."""
        ...


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

    def layer(self, sha256: str) -> Iterator[bytes]:
        """The bytes of a layer."""
        ...

    def give(self, offer: CopyOffer, pieces: Iterator[bytes]) -> None:
        """The bytes of a disk's copy, all of them. NotFound when nobody waits for them any more; Invalid, TooLarge,
        QuotaExceeded when they will never be taken; anything else: offer them again."""
        ...

    def stream(self, ask_id: str) -> Stream:
        """Dial, for an Ask that wants a stream. NotFound when nobody waits any more."""
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
    def layer(self, sha256: str) -> Iterator[bytes]: ...
    def give(self, offer: CopyOffer, pieces: Iterator[bytes]) -> None: ...
    def stream(self, ask_id: str) -> Stream: ...
