"""Browsers' sessions: by whom, for which project, until when; and how guessing passwords is slowed down."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.usecase.cloud import Cloud

from kumoi.app.identity import assignments, people, web_sessions
from kumoi.app.identity.patience import Patience
from kumoi.app.identity.tokens import Who, check_password
from kumoi.app.identity.web_sessions import Browser, Visitor
from kumoi.core.call import Call
from kumoi.core.errors import NotFound, Unauthenticated
from kumoi.core.ids import ProjectId, WebSessionId
from kumoi.core.query import Query
from kumoi.core.roles import Assignment
from kumoi.core.tenancy import Project
from kumoi.core.web_sessions import AGE_MOST_S, IDLE_MOST_S, Preference

DEMO = Who(user_name="demo")
BROWSER = Browser(agent="Firefox", address="192.0.2.1")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def sign_in(cloud: Cloud, who: Who = DEMO, password: str = "d") -> str:
    user = check_password(cloud.house, who, password)
    return web_sessions.open_session(cloud.house, "req-1", user, BROWSER)[0]


def call(cloud: Cloud, visitor: Visitor) -> Call:
    return Call(actor=visitor, request_id="req-2", now=cloud.clock.now())


def test_a_session_is_its_users_in_the_default_project(cloud: Cloud) -> None:
    visitor = web_sessions.visitor_of(cloud.house, sign_in(cloud))
    assert (visitor.user_name, visitor.project_id) == ("demo", cloud.project)
    assert "member" in visitor.roles
    assert visitor.session.agent == "Firefox"


def test_the_secret_is_not_in_the_store(cloud: Cloud) -> None:
    secret = sign_in(cloud)
    rows = cloud.store.read(lambda tx: tx.web_sessions.find(Query()))
    assert len(rows) == 1
    assert secret not in repr(rows)


def test_a_wrong_password_and_a_wrong_name_are_refused_alike(cloud: Cloud) -> None:
    for who, password in ((DEMO, "wrong"), (Who(user_name="nobody"), "d")):
        with pytest.raises(Unauthenticated) as refused:
            sign_in(cloud, who, password)
        assert refused.value.facts == {"reason": "wrong_credentials"}


def test_signing_out_ends_this_session_and_no_other(cloud: Cloud) -> None:
    here, there = sign_in(cloud), sign_in(cloud)
    visitor = web_sessions.visitor_of(cloud.house, here)
    web_sessions.end(cloud.house, call(cloud, visitor), visitor.session.id)
    with pytest.raises(Unauthenticated):
        web_sessions.visitor_of(cloud.house, here)
    assert len(web_sessions.own_sessions(cloud.house, call(cloud, web_sessions.visitor_of(cloud.house, there)))) == 1


def test_nobody_sees_or_ends_anothers_session(cloud: Cloud) -> None:
    mine = web_sessions.visitor_of(cloud.house, sign_in(cloud))
    others = web_sessions.visitor_of(cloud.house, sign_in(cloud, Who(user_name="admin"), "a"))
    assert [s.id for s in web_sessions.own_sessions(cloud.house, call(cloud, mine))] == [mine.session.id]
    for session_id in (others.session.id, WebSessionId("nothing")):
        with pytest.raises(NotFound):
            web_sessions.end(cloud.house, call(cloud, mine), session_id)


def test_a_new_password_ends_all_sessions(cloud: Cloud) -> None:
    secret = sign_in(cloud)
    visitor = web_sessions.visitor_of(cloud.house, secret)
    people.change_password(cloud.house, "req-3", visitor.user_id, "d", "better")
    with pytest.raises(Unauthenticated):
        web_sessions.visitor_of(cloud.house, secret)


def test_an_idle_session_ends(cloud: Cloud) -> None:
    secret = sign_in(cloud)
    cloud.clock.advance(IDLE_MOST_S + 1)
    with pytest.raises(Unauthenticated):
        web_sessions.visitor_of(cloud.house, secret)


def test_an_old_session_ends_however_busy_it_was(cloud: Cloud) -> None:
    secret = sign_in(cloud)
    for _ in range(int(AGE_MOST_S / IDLE_MOST_S)):
        cloud.clock.advance(IDLE_MOST_S - 1)
        web_sessions.visitor_of(cloud.house, secret)
    cloud.clock.advance(IDLE_MOST_S - 1)
    with pytest.raises(Unauthenticated):
        web_sessions.visitor_of(cloud.house, secret)


def test_the_purge_forgets_what_was_not_seen(cloud: Cloud) -> None:
    sign_in(cloud)
    cloud.clock.advance(IDLE_MOST_S + 61)
    cloud.control_only()
    assert cloud.store.read(lambda tx: tx.web_sessions.find(Query())) == []


def test_a_project_is_switched_to_only_with_a_role_there(cloud: Cloud) -> None:
    wish = Project(id=ProjectId(""), account="", name="other")
    other = people.create_project(cloud.house, cloud.call(admin=True), wish)
    secret = sign_in(cloud)
    visitor = web_sessions.visitor_of(cloud.house, secret)
    with pytest.raises(NotFound):
        web_sessions.switch_project(cloud.house, call(cloud, visitor), visitor.session.id, other.id)
    people.assign(cloud.house, cloud.call(admin=True), visitor.user_id, other.id, "reader")
    web_sessions.switch_project(cloud.house, call(cloud, visitor), visitor.session.id, other.id)
    after = web_sessions.visitor_of(cloud.house, secret)
    assert (after.project_id, after.roles) == (other.id, frozenset({"reader"}))


def test_without_a_role_left_there_is_no_project(cloud: Cloud) -> None:
    secret = sign_in(cloud)
    user_id = web_sessions.visitor_of(cloud.house, secret).user_id
    held = Assignment(id="", role="member", user_id=user_id, project_id=cloud.project)
    assignments.unassign(cloud.house, cloud.call(admin=True), held)
    visitor = web_sessions.visitor_of(cloud.house, secret)
    assert (visitor.project_id, visitor.roles) == (None, frozenset())


def test_preferences_are_the_users_own(cloud: Cloud) -> None:
    secret = sign_in(cloud)
    visitor = web_sessions.visitor_of(cloud.house, secret)
    for theme in ("dark", "light"):
        web_sessions.prefer(cloud.house, call(cloud, visitor), replace(visitor.preference, locale="ja", theme=theme))
    mine = Preference(id=visitor.user_id, locale="ja", theme="light")
    assert web_sessions.visitor_of(cloud.house, secret).preference == mine


def test_guessing_gets_slow_and_the_owner_elsewhere_does_not_wait() -> None:
    patience, waits = Patience(), []
    for now in range(8):
        waits.append(patience.wait_s("demo", "192.0.2.1", float(now)))
        patience.failed("demo", "192.0.2.1", float(now))
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits == sorted(waits)
    assert waits[-1] > 10
    assert patience.wait_s("demo", "198.51.100.7", 8.0) == 0.0


def test_tries_at_the_same_time_queue_up() -> None:
    patience = Patience()
    for _ in range(4):
        patience.failed("demo", "192.0.2.1", 0.0)
    assert [patience.wait_s("demo", "192.0.2.1", 0.0) for _ in range(3)] == [0.0, 2.0, 4.0]


def test_an_address_that_goes_through_names_waits_too() -> None:
    patience = Patience()
    for number in range(100):
        patience.failed(f"user-{number}", "192.0.2.1", 0.0)
    patience.wait_s("one", "192.0.2.1", 0.0)
    assert patience.wait_s("another", "192.0.2.1", 0.0) > 0


def test_who_gets_in_starts_anew() -> None:
    patience = Patience()
    for _ in range(9):
        patience.failed("demo", "192.0.2.1", 0.0)
    patience.succeeded("demo", "192.0.2.1")
    assert [patience.wait_s("demo", "192.0.2.1", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
