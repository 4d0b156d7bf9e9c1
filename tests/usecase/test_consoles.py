"""Consoles through the doors and a whole agent on the fake world: who gets a token, what it opens, how it ends."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.adapters.stream_local import LocalStream
from kumoi.app.identity import people
from kumoi.app.instances import delete, power, run
from kumoi.app.instances.consoles import (
    FIRST_USE_WITHIN_S,
    Opened,
    open_console,
    show_console_token,
    use_console_token,
)
from kumoi.app.instances.wish import RunWish
from kumoi.control.purge import Retention, purge
from kumoi.core.call import Actor, Call
from kumoi.core.consoles import ConsoleKind
from kumoi.core.errors import Forbidden, KumoiError, NotFound, Unauthenticated, WrongState
from kumoi.core.ids import FlavorId, InstanceId, ProjectId
from kumoi.core.query import Query
from kumoi.core.tenancy import Project

PATIENCE_S = 90.0


class Desk:
    """A cloud with one running server, and somebody at its consoles."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder)
        self.cloud.settle()
        self.server = self.run()
        self._streams: list[LocalStream] = []

    def run(self) -> InstanceId:
        wish = RunWish(name="web", flavor_id=FlavorId("1"), image_id=self.cloud.image())
        server = run.run(self.cloud.house, self.cloud.call(), wish)[0]
        self.cloud.settle()
        return server.id

    def token(self, kind: ConsoleKind = "serial", call: Call | None = None) -> str:
        return open_console(self.cloud.house, call or self.cloud.call(), self.server, kind)

    def use(self, token: str, kind: ConsoleKind = "serial") -> Opened:
        return use_console_token(self.cloud.house, token, kind, self.cloud.clock.now())

    def console(self, kind: ConsoleKind = "serial") -> LocalStream:
        """Open, as it was dialled for."""
        opened = self.use(self.token(kind), kind)
        self.cloud.settle()
        stream: LocalStream = opened.stream.result(PATIENCE_S)
        stream.theirs.settimeout(PATIENCE_S)
        self._streams.append(stream)
        return stream

    def close(self) -> None:
        for stream in self._streams:
            stream.theirs.close()
        self.cloud.world.end(self.server, "plan")
        self.cloud.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def refused(desk: Desk, token: str, kind: ConsoleKind = "serial") -> str:
    with pytest.raises(KumoiError) as refusal:
        desk.use(token, kind)
    return str(refusal.value.facts.get("reason", refusal.value.code))


def until(stream: LocalStream, word: bytes) -> bytes:
    got = b""
    while word not in got:
        more = stream.theirs.recv(4096)
        assert more, got
        got += more
    return got


def last_words(stream: LocalStream) -> str | None:
    """Everything up to the end, and what the host said of it."""
    while stream.theirs.recv(4096):
        pass
    return stream.end


def test_a_token_leads_to_the_serial_line_and_back(desk: Desk) -> None:
    line = desk.console()
    line.theirs.sendall(b"root\rhostname\r")
    assert b"web" in until(line, b"web\r\n")


def test_a_token_leads_to_the_screen(desk: Desk) -> None:
    assert desk.console("vnc").theirs.recv(12) == b"RFB 003.008\n"


def test_a_token_works_once(desk: Desk) -> None:
    token = desk.token()
    desk.use(token)
    assert refused(desk, token) == "console_used"


def test_of_two_who_use_it_at_once_one_is_in(desk: Desk) -> None:
    token = desk.token()
    gate = threading.Barrier(8)
    outcomes: list[str] = []

    def use() -> None:
        gate.wait()
        try:
            desk.use(token)
            outcomes.append("in")
        except Unauthenticated as e:
            outcomes.append(str(e.facts["reason"]))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["console_used"] * 7 + ["in"]


def test_a_token_has_its_time(desk: Desk) -> None:
    token = desk.token()
    desk.cloud.clock.advance(FIRST_USE_WITHIN_S + 1)
    assert refused(desk, token) == "console_expired"


def test_a_token_is_for_one_console_and_not_guessed(desk: Desk) -> None:
    assert refused(desk, desk.token("vnc"), "serial") == "console_unknown"
    assert refused(desk, "") == "console_unknown"
    assert refused(desk, "A" * 32) == "console_unknown"
    stored = desk.cloud.store.read(lambda tx: tx.console_tokens.find(Query()))
    assert refused(desk, stored[0].id) == "console_unknown"


def test_a_deleted_instance_takes_its_tokens_along(desk: Desk) -> None:
    token, line = desk.token(), desk.console()
    delete.delete(desk.cloud.house, desk.cloud.call(), desk.server)
    assert refused(desk, token) == "console_unknown"
    desk.cloud.settle()
    assert last_words(line) == "guest_ended"


def test_another_projects_instance_is_not_found(desk: Desk) -> None:
    house, admin = desk.cloud.house, desk.cloud.call(admin=True)
    other = people.create_project(house, admin, Project(id=ProjectId(""), account="", name="other"))
    stranger = Actor(user_id=admin.actor.user_id, user_name="x", project_id=other.id, roles=frozenset({"member"}))
    with pytest.raises(NotFound):
        desk.token(call=Call(actor=stranger, request_id="req", now=desk.cloud.clock.now()))


def test_a_reader_has_no_console(desk: Desk) -> None:
    mine = desk.cloud.call().actor
    reader = Actor(user_id=mine.user_id, user_name="x", project_id=mine.project_id, roles=frozenset({"reader"}))
    with pytest.raises(Forbidden):
        desk.token(call=Call(actor=reader, request_id="req", now=desk.cloud.clock.now()))


def test_what_does_not_run_has_no_console(desk: Desk) -> None:
    token = desk.token()
    power.stop(desk.cloud.house, desk.cloud.call(), desk.server)
    desk.cloud.settle(120.0)
    with pytest.raises(WrongState):
        desk.token()
    assert refused(desk, token) == "wrong_state"


def test_a_guest_that_died_before_anybody_noticed(desk: Desk) -> None:
    opened = desk.use(desk.token())
    desk.cloud.world.machines[desk.server].power = "off"
    desk.cloud.agent.talk.hint("fetch")
    desk.cloud.agent.talk.run_due()
    stream: LocalStream = opened.stream.result(PATIENCE_S)
    assert last_words(stream) == "guest_off"
    stream.theirs.close()


def test_the_newest_user_has_the_serial_line(desk: Desk) -> None:
    first = desk.console()
    first.theirs.sendall(b"root\r")
    until(first, b"# ")
    second = desk.console()
    assert last_words(first) == "taken_over"
    second.theirs.sendall(b"root\rwhoami\r")
    assert b"root" in until(second, b"root\r\n")


def test_a_screen_has_many_viewers(desk: Desk) -> None:
    viewers = [desk.console("vnc") for _ in range(5)]
    assert {viewer.theirs.recv(12) for viewer in viewers} == {b"RFB 003.008\n"}


def test_a_host_that_never_dials_leaves_no_trace(desk: Desk) -> None:
    opened = desk.use(desk.token())
    opened.stream.cancel()
    desk.cloud.settle()
    assert opened.stream.cancelled()
    assert desk.console().theirs.fileno() >= 0


def test_a_host_that_fails_says_so(desk: Desk) -> None:
    desk.cloud.world.faults.failing["open_console"] = 1
    assert last_words(desk.console()) == "host_failed"


def test_an_agent_that_stops_says_so_and_the_next_one_goes_on(desk: Desk) -> None:
    line = desk.console()
    line.theirs.sendall(b"root\r")
    until(line, b"# ")
    desk.cloud.agent.stop()
    assert last_words(line) == "host_stops"
    desk.cloud.restart_agent()
    again = desk.console()
    again.theirs.sendall(b"\r")
    assert until(again, b"web")


def test_an_administrator_sees_where_a_token_leads(desk: Desk) -> None:
    house, admin = desk.cloud.house, desk.cloud.call(admin=True)
    token = desk.token("vnc")
    found, host = show_console_token(house, admin, token)
    assert (found.instance_id, found.kind, host.name) == (desk.server, "vnc", "one")
    with pytest.raises(Forbidden):
        show_console_token(house, desk.cloud.call(), token)
    desk.use(token, "vnc")
    for gone in (token, "nonsense"):
        with pytest.raises(NotFound):
            show_console_token(house, admin, gone)


def test_old_tokens_are_swept_away(desk: Desk) -> None:
    desk.token()
    desk.cloud.clock.advance(FIRST_USE_WITHIN_S + 3700.0)
    purge(desk.cloud.house, Retention())
    assert desk.cloud.store.read(lambda tx: tx.console_tokens.find(Query())) == []
