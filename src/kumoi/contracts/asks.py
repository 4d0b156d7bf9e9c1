"""Questions to a host that somebody waits for (a console's text). The host finds them in its fetch and answers by
read."""

from concurrent.futures import Future
from typing import Protocol

from kumoi.core.ids import HostId
from kumoi.core.plan import Ask


class Asks(Protocol):
    """Lossy: an unanswered question is forgotten when its asker cancels the future."""

    def open(self, host_id: HostId, ask: Ask) -> "Future[bytes]": ...
    def pending(self, host_id: HostId) -> tuple[Ask, ...]:
        """Questions not yet handed out to this host; each is handed out once."""
        ...
    def answer(self, ask_id: str, data: bytes) -> bool:
        """False when nobody waits for it any more."""
        ...
