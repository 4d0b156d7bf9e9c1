"""Live: who looks at a page hears the names of what changed, as one stream of events; what changed it reads anew.

One loop of the process follows the store's events, woken after every commit, and hosts' news of instances that are no
events; it hands names to the listeners that may know of them. Nothing is kept for who does not listen: a browser that
lost its stream renews all that it shows.
"""

import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.waiters import Waiters
from kumoi.api.web.visits import session_cookie, visitor
from kumoi.app.changes import READ_MOST, Change, changes_after, changes_of_instances, concerns, newest
from kumoi.app.house import House
from kumoi.app.identity.web_sessions import Visitor, visitor_of
from kumoi.app.writing import INSTANCE_TOPIC
from kumoi.core.errors import Unauthenticated
from kumoi.runtime.loop import Loop, Pace

ALL: Final = "all"
RESYNC_S: Final = 1.0  # other processes' commits are found by looking
GATHER_S: Final = 0.03  # what happens together is told together
BEAT_S: Final = 15.0
PENDING_MOST: Final = 200
_SESSION: Final = "web_session"


class Listener:
    """One stream's names that were not sent yet."""

    def __init__(self, key: str, visitor: Visitor) -> None:
        self.key = key
        self.visitor = visitor
        self.names: dict[str, None] = {}
        self.too_many = False
        self.session_changed = False


class Feed:
    """Its loop runs while somebody listens, and costs nothing else. Thread-safe."""

    def __init__(self, house: House, waiters: Callable[[], Waiters]) -> None:
        self._house = house
        self._waiters = waiters
        self._lock = threading.Lock()
        self._listeners: dict[str, Listener] = {}
        self._instances: set[str] = set()
        self._number = 0
        self._seq = 0
        self._loop: Loop | None = None
        house.store.watch(self._wake)
        house.hints.subscribe(INSTANCE_TOPIC, self._instance)

    def since(self) -> int:
        """The number of an event such that it and all before it were committed before now."""
        return self._seq if self._listeners else newest(self._house)

    def listen(self, visitor: Visitor) -> Listener:
        """What happens from now on. Reads the store."""
        last = newest(self._house)
        with self._lock:
            if not self._listeners:  # nobody cared for what came meanwhile
                self._seq = max(self._seq, last)
            self._number += 1
            listener = Listener(f"feed/{self._number}", visitor)
            self._listeners[listener.key] = listener
            if self._loop is None:
                self._loop = self._new_loop()
                self._loop.start()
            return listener

    def leave(self, listener: Listener) -> None:
        """Harmless twice."""
        with self._lock:
            self._listeners.pop(listener.key, None)
            idle, self._loop = (None, self._loop) if self._listeners else (self._loop, None)
        if idle is not None:
            idle.stop(0.0)

    def take(self, listener: Listener) -> tuple[int, list[str], bool, bool]:
        """The number of the last event looked at; the names since the last time; whether there were too many to name;
        whether the listener's own session changed."""
        with self._lock:
            took = self._seq, list(listener.names), listener.too_many, listener.session_changed
            listener.names, listener.too_many, listener.session_changed = {}, False, False
            return took

    def _new_loop(self) -> Loop:
        pace = Pace(resync_s=RESYNC_S, spread=0.0)
        return Loop("feed", self._look, lambda: (ALL,), self._house.clock, self._house.chance, pace)

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            loop.again_in(ALL, GATHER_S)

    def _instance(self, instance_id: str) -> None:
        if self._listeners:
            with self._lock:
                self._instances.add(instance_id)
            self._wake()

    def _look(self, _key: str) -> None:
        with self._lock:
            if not self._listeners:
                return
            instances, self._instances = tuple(self._instances), set()
        self._tell(self._seq, changes_of_instances(self._house, instances) if instances else [])
        while True:
            seq, changes = changes_after(self._house, self._seq)
            if seq == self._seq:
                return
            self._tell(seq, changes)

    def _tell(self, seq: int, changes: list[Change]) -> None:
        with self._lock:
            self._seq = max(self._seq, seq)
            for listener in self._listeners.values():
                news = [c for c in changes if concerns(listener.visitor, c)]
                if news:
                    _note(listener, news)
                    self._waiters().wake(listener.key)


def _note(listener: Listener, news: list[Change]) -> None:
    for change in news:
        if change.kind == _SESSION:
            listener.session_changed |= change.resource_id == listener.visitor.session.id
        listener.names[f"{change.kind}/{change.resource_id}"] = None
    if len(listener.names) > PENDING_MOST:
        listener.names, listener.too_many = {}, True


# --- the stream -----------------------------------------------------------------------------------------


def routes(house: House, feed: Feed, waiters: Callable[[], Waiters]) -> list[Route]:
    return [
        Route("GET", "/feed", partial(follow, house, feed, waiters), "web_session.own", "web", wait=True),
    ]


async def follow(house: House, feed: Feed, waiters: Callable[[], Waiters], request: Request) -> Response:
    """`since`: the number of an event; what came after it is named at once."""
    since = request.header("last-event-id") or request.arg("since") or ""
    listener = await request.run_in("read", partial(feed.listen, visitor(request)))
    if since.isascii() and since.isdigit():
        await request.run_in("read", partial(_catch_up, house, listener, int(since)))
    stream = _stream(house, feed, waiters, request, listener)
    headers = (("x-accel-buffering", "no"),)
    return Response(200, None, "text/event-stream", headers, stream=stream)


def _catch_up(house: House, listener: Listener, since: int) -> None:
    _, changes = changes_after(house, since)
    news = [c for c in changes if concerns(listener.visitor, c)]
    _note(listener, news)
    if len(changes) >= READ_MOST or since > newest(house):
        listener.too_many = True


async def _stream(
    house: House, feed: Feed, waiters: Callable[[], Waiters], request: Request, listener: Listener
) -> AsyncIterator[bytes]:
    secret = request.cookie(session_cookie(request)) or ""
    try:
        yield b"retry: 1500\n\n"
        while True:
            ticket = waiters().ticket((listener.key,))
            try:
                seq, names, too_many, changed = feed.take(listener)
                if names or too_many:
                    yield _names(seq, names, too_many)
                if changed and (end := await _ended(house, request, listener, secret)):
                    yield end
                    return
                if not (names or too_many or changed) and not await ticket.wait(BEAT_S):
                    if end := await _ended(house, request, listener, secret):
                        yield end
                        return
                    yield b": still here\n\n"
            finally:
                ticket.close()
    finally:
        feed.leave(listener)


def _names(seq: int, names: list[str], too_many: bool) -> bytes:
    if too_many:
        return f"id: {seq}\nevent: all\ndata: \n\n".encode()
    return f"id: {seq}\nevent: names\ndata: ".encode() + msgspec.json.encode(names) + b"\n\n"


async def _ended(house: House, request: Request, listener: Listener, secret: str) -> bytes:
    """The last event of a stream whose session is over, or is for another project now; empty while it goes on."""
    try:
        now = await request.run_in("read", partial(visitor_of, house, secret))
    except Unauthenticated:
        return b"event: ended\ndata: \n\n"
    if now.project_id != listener.visitor.project_id:
        return b"event: switched\ndata: \n\n"
    if now.roles != listener.visitor.roles:
        return b"event: all\ndata: \n\n"  # what it may see is not what it was: it asks anew
    return b""
