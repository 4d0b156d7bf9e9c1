"""What somebody wants of a host now: an answer (a console's text), or a stream. The host finds it in its fetch, and
answers by read, or dials by stream."""

from concurrent.futures import Future
from typing import Any, Protocol

from kumoi.core.ids import HostId
from kumoi.core.plan import Ask


class Asks(Protocol):
    """Lossy: what is not answered is forgotten when its asker cancels the future."""

    def open(self, host_id: HostId, ask: Ask) -> "Future[bytes]": ...
    def call(self, host_id: HostId, ask: Ask) -> "Future[Any]":
        """For a stream: the future brings what the link has at control's end of it."""
        ...

    def pending(self, host_id: HostId) -> tuple[Ask, ...]:
        """Questions not yet handed out to this host; each is handed out once."""
        ...

    def answer(self, ask_id: str, data: bytes) -> bool:
        """False when nobody waits for it any more."""
        ...

    def waits(self, ask_id: str) -> bool:
        """Whether somebody still does."""
        ...

    def dialled(self, ask_id: str, stream: Any) -> bool:
        """The host's stream is here. False when nobody waits for it any more."""
        ...
