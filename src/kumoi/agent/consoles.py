"""Consoles that somebody opened: dial, find the guest, join the two. A serial line has one user, the newest."""

import threading
from functools import partial
from typing import Final

from kumoi.agent.hands import Hands
from kumoi.agent.pump import Line
from kumoi.contracts.link import Stream
from kumoi.core.consoles import ConsoleEnd
from kumoi.core.errors import KumoiError, WrongState
from kumoi.core.ids import InstanceId
from kumoi.core.plan import Ask
from kumoi.runtime import log

MOST: Final = 200
KINDS: Final = frozenset({"serial", "vnc"})


class Consoles:
    """Those of one host. Safe for threads."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._log = log.get(part="consoles")
        self._lock = threading.Lock()
        self._lines: dict[str, Line] = {}  # by ask
        self._serial: dict[InstanceId, str] = {}  # the ask of its user

    def open(self, ask: Ask) -> None:
        """Whoever asked is told why when there is none to be had. NotFound when nobody waits any more."""
        stream = self._hands.link.stream(ask.id)
        try:
            self._join(ask, stream)
        except WrongState:
            _refuse(stream, "guest_off")
        except KumoiError as e:
            self._log.warning("console_failed", instance=ask.instance_id, kind=ask.kind, error=str(e))
            _refuse(stream, "host_failed")

    def _join(self, ask: Ask, stream: Stream) -> None:
        if len(self._lines) >= MOST:
            _refuse(stream, "too_many")
            return
        if ask.kind == "serial":
            self._take_over(ask)
        guest = self._hands.drivers.compute.open_console(ask.instance_id, "serial" if ask.kind == "serial" else "vnc")
        with self._lock:
            self._lines[ask.id] = self._hands.pump.join(guest, stream, partial(self._ended, ask))
        self._log.info("console", instance=ask.instance_id, kind=ask.kind)

    def _take_over(self, ask: Ask) -> None:
        """The driver serves the newcomer when the one before has let go of the line."""
        with self._lock:
            former = self._lines.get(self._serial.get(ask.instance_id, ""))
            self._serial[ask.instance_id] = ask.id
        if former is not None:
            former.end("taken_over")

    def _ended(self, ask: Ask) -> None:
        with self._lock:
            self._lines.pop(ask.id, None)
            if self._serial.get(ask.instance_id) == ask.id:
                del self._serial[ask.instance_id]


def _refuse(stream: Stream, why: ConsoleEnd) -> None:
    with stream.socket as socket:
        socket.sendall(stream.farewell(why))
