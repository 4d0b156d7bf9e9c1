"""The stream of names: who hears of what, that nothing is missed, and how it ends."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.api.edge.asgi_client import Caller, scope_of
from tests.usecase.test_web import Browser

from kumoi.adapters.fake.chance import FakeChance
from kumoi.api.edge.app import Edge
from kumoi.app import keypairs
from kumoi.app.identity import people
from kumoi.core.ids import ProjectId, UserId
from kumoi.core.tenancy import Project, User

PATIENCE_S = 60.0


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        yield made
        made.close()


class Stream:
    """One open /feed: what it sent so far."""

    def __init__(self, app: Edge, cookies: dict[str, str], since: str = "") -> None:
        self._caller = Caller()
        headers = [("cookie", "; ".join(f"{k}={v}" for k, v in cookies.items()))]
        scope = scope_of("GET", f"/feed?since={since}", headers)
        self.task = asyncio.ensure_future(app(scope, self._caller.receive, self._caller.send))

    @property
    def text(self) -> str:
        return b"".join(m.get("body", b"") for m in self._caller.sent[1:]).decode()

    async def until(self, there: Callable[[str], bool]) -> str:
        end = time.monotonic() + PATIENCE_S
        while not there(self.text):
            assert time.monotonic() < end, self.text
            await asyncio.sleep(0.01)
        return self.text

    async def hang_up(self) -> None:
        self._caller.hung_up.set()
        await self.task


def other_member(browser: Browser) -> None:
    """A user `else`, of another project."""
    house, admin = browser.cloud.house, browser.cloud.call(admin=True)
    project = people.create_project(house, admin, Project(id=ProjectId(""), account="", name="other"))
    user = people.create_user(house, admin, User(id=UserId(""), name="else", password_hash=""), "p")
    people.assign(house, admin, user.id, project.id, "member")


async def make_key(browser: Browser, name: str) -> str:
    pair, _ = await asyncio.to_thread(keypairs.create, browser.cloud.house, browser.cloud.call(), name, None)
    browser.cloud.clock.advance(1.0)
    return f"keypair/{pair.id}"


def test_a_change_is_named_to_its_own_project_only(browser: Browser) -> None:
    other_member(browser)
    browser.sign_in()
    mine = dict(browser.cookies)
    browser.cookies = {}
    browser.sign_in("else", "p")
    theirs = dict(browser.cookies)

    async def watch() -> None:
        ours, other = Stream(browser.app, mine), Stream(browser.app, theirs)
        await ours.until(bool)
        await other.until(bool)
        name = await make_key(browser, "one")
        text = await ours.until(lambda text: name in text)
        assert "event: names\n" in text
        assert name not in other.text
        await ours.hang_up()
        await other.hang_up()

    browser.runner.run(watch())


def test_what_happened_before_the_stream_stood_is_named_too(browser: Browser) -> None:
    browser.sign_in()

    async def watch() -> None:
        known = await asyncio.to_thread(browser.cloud.store.read, lambda tx: tx.events.after(0, 500)[-1].seq)
        name = await make_key(browser, "one")
        stream = Stream(browser.app, browser.cookies, str(known))
        await stream.until(lambda text: name in text)
        await stream.hang_up()
        after = Stream(browser.app, browser.cookies, "999999")  # of a database that was put back
        await after.until(lambda text: "event: all" in text)
        await after.hang_up()

    browser.runner.run(watch())


def test_a_stream_ends_with_its_session_and_with_the_server(browser: Browser) -> None:
    browser.sign_in()
    token = browser.token()
    cookies = dict(browser.cookies)

    async def open_one() -> Stream:
        stream = Stream(browser.app, cookies)
        await stream.until(bool)
        return stream

    async def ended(stream: Stream) -> None:
        browser.cloud.clock.advance(1.0)
        await stream.until(lambda text: "event: ended" in text)
        await asyncio.wait_for(stream.task, PATIENCE_S)

    async def stopped(stream: Stream) -> None:
        browser.app.end_waits()
        await asyncio.wait([stream.task], timeout=PATIENCE_S)
        assert stream.task.done()
        stream.task.exception()

    one = browser.runner.run(open_one())
    browser.ask("POST", "/sign-out", body=f"csrf={token}".encode())
    browser.runner.run(ended(one))
    browser.cookies = {}
    browser.sign_in()
    cookies = dict(browser.cookies)
    browser.runner.run(stopped(browser.runner.run(open_one())))


def test_a_page_says_what_it_surely_shows(browser: Browser) -> None:
    browser.sign_in()
    page = browser.ask("GET", "/").body.decode()
    last = browser.cloud.store.read(lambda tx: tx.events.after(0, 500)[-1].seq)
    assert f'data-since="{last}"' in page


class Busy(FakeChance):
    """Something happens whenever chance is asked while `meanwhile` is set: a page asks when it has read all it shows
    and begins to be drawn."""

    meanwhile: Callable[[], object] | None = None

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=super().secret(16), version=4))

    def secret(self, n: int) -> bytes:
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()
        return super().secret(n)


def test_what_happens_between_reading_and_drawing_is_not_lost(tmp_path: Path) -> None:
    """The page shows nothing of it: so it must not say that it does, or nobody would ever tell it."""
    chance = Busy()
    with asyncio.Runner() as runner:
        browser = Browser(tmp_path, runner, chance)
        browser.sign_in()
        happened: list[str] = []
        house, call = browser.cloud.house, browser.cloud.call()
        chance.meanwhile = lambda: happened.append(keypairs.create(house, call, "meanwhile", None)[0].id)
        page = browser.ask("GET", "/keypairs").body.decode()
        assert happened
        assert "meanwhile" not in page
        since = page.partition('data-since="')[2].partition('"')[0]

        async def watch() -> None:
            stream = Stream(browser.app, browser.cookies, since)
            await stream.until(lambda text: f"keypair/{happened[0]}" in text)
            await stream.hang_up()

        runner.run(watch())
        browser.close()
