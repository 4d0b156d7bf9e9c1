"""A console that is open does not outlive what let its user in; who lost the connection comes back, nobody else."""

from collections.abc import Callable

import pytest
from tests.usecase.test_console_talk import Served, ended, served, until  # noqa: F401 - a fixture
from tests.usecase.test_consoles import Desk, desk, refused  # noqa: F401 - a fixture

from kumoi.app.identity import assignments, people, tokens, web_sessions
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.identity.web_sessions import Browser
from kumoi.app.instances import change, delete
from kumoi.app.instances.console_holders import cut
from kumoi.app.instances.consoles import AGAIN_WITHIN_S, use_console_token
from kumoi.core.call import Actor, Call
from kumoi.core.consoles import ConsoleToken
from kumoi.core.delegation import Asked
from kumoi.core.ids import UserId
from kumoi.core.roles import Assignment
from kumoi.core.tenancy import User

SECRET = "s" * 32


class Crowd:
    """Users with a console of the same server, each let in by something else."""

    def __init__(self, desk: Desk) -> None:  # noqa: F811
        self.desk, self.house = desk, desk.cloud.house
        self.admin = desk.cloud.call(admin=True)

    def user(self, name: str) -> UserId:
        """A new member of the project."""
        made = people.create_user(self.house, self.admin, User(id=UserId(""), name=name, password_hash=""), "p")
        assignments.assign(self.house, self.admin, self.role(made.id))
        return made.id

    def role(self, user_id: UserId) -> Assignment:
        return Assignment(id="", role="member", user_id=user_id, project_id=self.desk.cloud.project)

    def opened(self, actor: Actor) -> ConsoleToken:
        """In use."""
        call = Call(actor=actor, request_id="req", now=self.desk.cloud.clock.now())
        return self.desk.use(self.desk.token("vnc", call), "vnc").token

    def by_password(self, name: str) -> tuple[str, Actor]:
        """A token of the API, and whom it lets in."""
        scope = Scope(project_id=self.desk.cloud.project)
        token = tokens.by_password(self.house, Who(user_name=name), "p", scope).token
        return token, tokens.actor_of(self.house, token, Asked(service="compute", method="GET", path="/"))

    def cut(self, token: ConsoleToken) -> str | None:
        return cut(self.house, [token]).get(token.id)


@pytest.fixture
def crowd(desk: Desk) -> Crowd:  # noqa: F811
    return Crowd(desk)


def test_what_let_somebody_in_is_taken_back(crowd: Crowd) -> None:
    house, admin = crowd.house, crowd.admin

    def disable(user_id: UserId) -> None:
        people.update_user(house, admin, user_id, {"enabled": False})

    def new_password(user_id: UserId) -> None:
        people.update_user(house, admin, user_id, {}, "q")

    def no_role(user_id: UserId) -> None:
        assignments.unassign(house, admin, crowd.role(user_id))

    def gone(user_id: UserId) -> None:
        people.delete_user(house, admin, user_id)

    causes: tuple[Callable[[UserId], None], ...] = (disable, new_password, no_role, gone)
    opened = []
    for act in causes:
        user_id = crowd.user(act.__name__)
        opened.append((act, user_id, crowd.opened(crowd.by_password(act.__name__)[1])))
    assert [crowd.cut(token) for _, _, token in opened] == [None] * len(causes)
    for act, user_id, token in opened:
        act(user_id)
        assert crowd.cut(token) == "withdrawn", act


def test_a_token_taken_back_takes_what_it_opened_along_and_nothing_else(crowd: Crowd) -> None:
    crowd.user("u")
    (token, actor), (_, other) = crowd.by_password("u"), crowd.by_password("u")
    mine, others = crowd.opened(actor), crowd.opened(other)
    call = Call(actor=actor, request_id="req", now=crowd.desk.cloud.clock.now())
    tokens.revoke(crowd.house, call, token)
    assert (crowd.cut(mine), crowd.cut(others)) == ("withdrawn", None)


def test_signing_out_ends_what_was_opened_from_the_dashboard(crowd: Crowd) -> None:
    crowd.user("u")
    user = tokens.check_password(crowd.house, Who(user_name="u"), "p")
    secret, session = web_sessions.open_session(crowd.house, "req", user, Browser(agent="", address=""))
    visitor = web_sessions.visitor_of(crowd.house, secret)
    mine = crowd.opened(visitor)
    assert crowd.cut(mine) is None
    web_sessions.end(crowd.house, Call(actor=visitor, request_id="req", now=0.0), session.id)
    assert crowd.cut(mine) == "withdrawn"


def test_a_project_that_is_disabled_or_an_instance_that_goes(crowd: Crowd) -> None:
    token = crowd.opened(crowd.desk.cloud.call().actor)
    change.lock(crowd.house, crowd.admin, crowd.desk.server, locked=True)
    assert crowd.cut(token) is None  # a lock is against changes; Nova's consoles know none either
    people.update_project(crowd.house, crowd.admin, crowd.desk.cloud.project, {"enabled": False})
    assert crowd.cut(token) == "withdrawn"
    people.update_project(crowd.house, crowd.admin, crowd.desk.cloud.project, {"enabled": True})
    delete.delete(crowd.house, crowd.admin, crowd.desk.server)
    assert crowd.cut(token) == "deleted"


def test_a_link_of_somebody_who_may_not_any_more(crowd: Crowd) -> None:
    user_id = crowd.user("u")
    call = Call(actor=crowd.by_password("u")[1], request_id="req", now=crowd.desk.cloud.clock.now())
    link = crowd.desk.token(call=call)
    people.update_user(crowd.house, crowd.admin, user_id, {"enabled": False})
    assert refused(crowd.desk, link) == "console_withdrawn"


def test_who_spent_a_link_opens_it_again_and_nobody_else(desk: Desk) -> None:  # noqa: F811
    house, clock = desk.cloud.house, desk.cloud.clock
    link = desk.token()
    for _ in range(3):
        use_console_token(house, link, "serial", clock.now(), SECRET)
        clock.advance(3600.0)
    for other in ("", "o" * 32, SECRET[:-1]):
        with pytest.raises(Exception, match="console_used"):
            use_console_token(house, link, "serial", clock.now(), other)
    clock.advance(AGAIN_WITHIN_S)
    with pytest.raises(Exception, match="console_expired"):
        use_console_token(house, link, "serial", clock.now(), SECRET)


def test_a_link_that_was_spent_without_a_secret_is_spent(desk: Desk) -> None:  # noqa: F811
    for brought in ("", "short"):
        link = desk.token()
        use_console_token(desk.cloud.house, link, "serial", desk.cloud.clock.now(), brought)
        assert refused(desk, link) == "console_used"
        with pytest.raises(Exception, match="console_used"):
            use_console_token(desk.cloud.house, link, "serial", desk.cloud.clock.now(), SECRET)


def test_an_open_console_is_cut_and_stays_so(served: Served) -> None:  # noqa: F811
    house = served.cloud.house
    link = f"{served.token()}&again={SECRET}"
    with served.talk(token=link) as viewer:
        assert viewer.recv(60.0) == b""  # the host is there
        viewer.send(b"root\r")
        until(viewer, b"# ")
    with served.talk(token=link) as again:
        again.send(b"\r")
        until(again, b"web")
        user_id = served.cloud.call().actor.user_id
        people.update_user(house, served.cloud.call(admin=True), user_id, {"enabled": False})
        assert ended(again) == (4403, "You may not use this console any more.")
        people.update_user(house, served.cloud.call(admin=True), user_id, {"enabled": True})
    with served.talk(token=link) as later:
        assert ended(later)[0] == 4401
