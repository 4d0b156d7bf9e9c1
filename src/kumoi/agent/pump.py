"""Bytes between guests and control: one thread for all consoles of a process, started with the first of them.

Neither side may fill our memory or hold the other up for ever: what finds no room is not read, and a viewer that takes
nothing for STALL_S is let go, since the guest waits on its own serial line meanwhile. What does not belong here: which
console, for whom (consoles).
"""

import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from kumoi.contracts.clock import Clock
from kumoi.contracts.link import Stream
from kumoi.core.consoles import ConsoleEnd
from kumoi.runtime import log

HELD_BYTES: Final = 256 << 10
PIECE_BYTES: Final = 64 << 10
STALL_S: Final = 15.0
SILENCE_S: Final = 75.0  # control asks for a sign of life every 20 s
FAREWELL_S: Final = 2.0
LOOK_EVERY_S: Final = 1.0
_READ: Final = selectors.EVENT_READ
_WRITE: Final = selectors.EVENT_WRITE


class Line:
    """A guest's socket joined with a stream. Only `end` is for other threads than the pump's."""

    def __init__(self, pump: "Pump", guest: socket.socket, stream: Stream, ended: Callable[[], None]) -> None:
        self._pump = pump
        self._guest = guest
        self._stream = stream
        self._ended = ended
        self._up = bytearray()  # to control
        self._down = bytearray(stream.early)  # to the guest
        self._closing = self._over = False
        self._moved_at = self._heard_at = pump.clock.monotonic()
        guest.setblocking(False)
        stream.socket.setblocking(False)

    def end(self, why: ConsoleEnd | None) -> None:
        """Let the guest go, tell control why, and close."""
        self._pump.post(lambda: self.close(why))

    # --- on the pump's thread ------------------------------------------------------------------

    def watch(self) -> None:
        """Wait for what may happen next: read where there is room, write where there is something."""
        if self._over:
            return
        if not self._closing:
            wanted = _wanted(read=len(self._up) < HELD_BYTES, write=bool(self._down))
            self._pump.watch(self._guest, wanted, self, self.on_guest)
        wanted = _wanted(read=len(self._down) < HELD_BYTES, write=bool(self._up))
        self._pump.watch(self._stream.socket, wanted, self, self.on_control)

    def on_guest(self, events: int) -> None:
        try:
            if events & _WRITE:
                self._feed()
            if events & _READ:
                came = self._guest.recv(PIECE_BYTES)
                if came:
                    self._send(self._stream.wrap(came))
                else:
                    self.close("guest_ended")
        except BlockingIOError:
            pass
        except OSError:
            self.close("guest_ended")
        self.watch()

    def on_control(self, events: int) -> None:
        try:
            if events & _WRITE:
                self._flush()
            if events & _READ:
                self._hear(self._stream.socket.recv(PIECE_BYTES))
        except BlockingIOError:
            pass
        except OSError:
            self.cut()
        self.watch()

    def look(self, now: float) -> None:
        """What has had its time."""
        if self._closing:
            if now > self._moved_at + FAREWELL_S:
                self.cut()
        elif self._up and now > self._moved_at + STALL_S:
            self.close("too_slow")
        elif len(self._down) < HELD_BYTES and now > self._heard_at + SILENCE_S:
            self.cut()
        self.watch()

    def close(self, why: ConsoleEnd | None) -> None:
        """Harmless twice. What the guest said before it is still told, for a while."""
        if self._closing:
            return
        self._closing = True
        self._pump.forget(self._guest)
        self._guest.close()
        try:
            self._send(self._stream.farewell(why))
        except OSError:
            self.cut()
        self.watch()

    def cut(self) -> None:
        """All is over, with nobody left to tell. Harmless twice."""
        if self._over:
            return
        self._closing = self._over = True
        for one in (self._guest, self._stream.socket):
            self._pump.forget(one)
            one.close()
        self._pump.done(self)
        self._ended()

    def _hear(self, came: bytes) -> None:
        self._heard_at = self._pump.clock.monotonic()
        received = self._stream.unwrap(came)
        self._down += received.data
        if not self._closing:
            with suppress(BlockingIOError):
                self._feed()  # a key shall not wait for the next turn
        self._send(received.answer)
        if received.ended:
            self.cut()

    def _feed(self) -> None:
        if self._down:
            del self._down[: self._guest.send(self._down)]

    def _send(self, wrapped: bytes) -> None:
        if not self._up:
            self._moved_at = self._pump.clock.monotonic()
        self._up += wrapped
        with suppress(BlockingIOError):
            self._flush()

    def _flush(self) -> None:
        if self._up:
            del self._up[: self._stream.socket.send(self._up)]
            self._moved_at = self._pump.clock.monotonic()
        if self._closing and not self._up:
            self.cut()


class Pump:
    """Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._log = log.get(part="pump")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._selector = selectors.DefaultSelector()
        self._posted: deque[Callable[[], None]] = deque()
        self._lines: set[Line] = set()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector.register(self._bell, _READ)

    def join(self, guest: socket.socket, stream: Stream, ended: Callable[[], None]) -> Line:
        """Both sockets are the pump's from here on. `ended` is called on its thread, once, when all is closed."""
        line = Line(self, guest, stream, ended)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
                self._thread.start()
        self.post(lambda: self._begin(line))
        return line

    def stop(self, within_s: float = FAREWELL_S) -> None:
        """Tell everybody that we stop; whoever does not take it in time is cut off with the process."""
        gone = threading.Event()
        if self._thread is not None:
            self.post(lambda: self._end_all(gone))
            gone.wait(within_s)

    def post(self, work: Callable[[], None]) -> None:
        """Do this on the pump's thread, soon."""
        self._posted.append(work)
        os.eventfd_write(self._bell, 1)

    # --- on the pump's thread ------------------------------------------------------------------

    def watch(self, one: socket.socket, events: int, line: Line, call: Callable[[int], None]) -> None:
        known = self._selector.get_map().get(one.fileno())
        if known is None:
            if events:
                self._selector.register(one, events, (line, call))
        elif not events:
            self._selector.unregister(one)
        elif known.events != events:
            self._selector.modify(one, events, (line, call))

    def forget(self, one: socket.socket) -> None:
        if one.fileno() >= 0 and one.fileno() in self._selector.get_map():
            self._selector.unregister(one)

    def done(self, line: Line) -> None:
        self._lines.discard(line)

    def _run(self) -> None:
        next_look = 0.0
        while True:
            for key, events in self._selector.select(LOOK_EVERY_S if self._lines else None):
                if key.data is None:
                    self._rung()
                else:
                    line, call = key.data
                    self._turn(line, call, events)
            now = self.clock.monotonic()
            if now >= next_look:
                next_look = now + LOOK_EVERY_S
                for line in tuple(self._lines):
                    line.look(now)

    def _turn(self, line: Line, call: Callable[[int], None], events: int) -> None:
        try:
            call(events)
        except Exception as e:  # noqa: BLE001 - one line's fault must not end the others
            self._log.error("console_broke", exc_info=e)
            line.cut()

    def _rung(self) -> None:
        os.eventfd_read(self._bell)
        while self._posted:
            self._posted.popleft()()

    def _begin(self, line: Line) -> None:
        self._lines.add(line)
        line.watch()

    def _end_all(self, gone: threading.Event) -> None:
        for line in tuple(self._lines):
            line.close("host_stops")
        gone.set()


def _wanted(*, read: bool, write: bool) -> int:
    return (_READ if read else 0) | (_WRITE if write else 0)
