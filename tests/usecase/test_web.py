"""The dashboard's shell: who gets in, what no other site can have a browser do, and what every answer carries."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.usecase.cloud import Cloud

from kumoi.adapters.fake.chance import FakeChance
from kumoi.api.edge.app import Edge
from kumoi.cmd.serve import tongues
from kumoi.runtime.settings import load

HTML = ("accept", "text/html")
FORM = ("content-type", "application/x-www-form-urlencoded")


class Browser:
    """A cloud and a browser of one tab: it keeps cookies, follows nothing by itself, and sends tokens when told."""

    def __init__(self, folder: Path, runner: asyncio.Runner, chance: FakeChance | None = None) -> None:
        self.cloud = Cloud(folder, chance=chance)
        self.runner = runner
        spoken = tongues(self.cloud.house, load(folder, {}), lambda: self.app.waiters)
        self.app = Edge(spoken, now=self.cloud.clock.now, new_id=self.cloud.chance.uuid)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, target: str, *more: tuple[str, str], body: bytes | None = None) -> Answer:
        headers = [HTML, *more]
        if body is not None:
            headers.append(FORM)
        if self.cookies:
            headers.append(("cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items())))
        answer = self.runner.run(call(self.app, method, target, headers, body))
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer

    def sign_in(self, user: str = "demo", password: str = "d", *more: tuple[str, str]) -> Answer:
        return self.ask("POST", "/sign-in", *more, body=f"user={user}&password={password}".encode())

    def token(self) -> str:
        found = re.search(r'"x-csrf-token": "([^"]+)"', self.ask("GET", "/").body.decode())
        assert found is not None
        return found[1]

    def close(self) -> None:
        self.app.close()
        self.cloud.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        yield made
        made.close()


def test_who_is_not_signed_in_is_led_to_the_door_and_back(browser: Browser) -> None:
    answer = browser.ask("GET", "/feed?since=3")
    assert (answer.status, answer.header("location")) == (303, "/sign-in?next=%2Ffeed%3Fsince%3D3")
    page = browser.ask("GET", str(answer.header("location"))).body.decode()
    assert 'name="next" value="/feed?since=3"' in page
    assert browser.ask("GET", "/session/projects", ("hx-request", "true")).header("hx-redirect") == "/sign-in"


def test_signing_in_gives_a_cookie_that_no_script_and_no_other_site_has(browser: Browser) -> None:
    answer = browser.sign_in()
    assert (answer.status, answer.header("location")) == (303, "/")
    cookie = str(answer.header("set-cookie"))
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert browser.ask("GET", "/").status == 200


@pytest.mark.parametrize("wish", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_place(browser: Browser, wish: str) -> None:
    answer = browser.ask("POST", "/sign-in", body=f"user=demo&password=d&next={wish}".encode())
    assert answer.header("location") == "/"


def test_a_wrong_password_is_told_in_the_browsers_language(browser: Browser) -> None:
    answer = browser.sign_in("demo", "x", ("accept-language", "ja"))
    assert answer.status == 401
    assert "名前またはパスワードが違います" in answer.body.decode()
    assert 'lang="ja"' in answer.body.decode()


def test_no_other_site_signs_a_browser_in(browser: Browser) -> None:
    for header in (("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")):
        assert browser.sign_in("demo", "d", header).status == 403
    assert browser.cookies == {}


def test_a_change_needs_the_pages_own_token(browser: Browser) -> None:
    browser.sign_in()
    token = browser.token()
    for more in ((), (("x-csrf-token", "A" * 44),), (("x-csrf-token", token), ("origin", "https://evil.example"))):
        assert browser.ask("POST", "/sign-out", *more, body=b"").status == 403
    assert browser.ask("POST", "/sign-out", body=f"csrf={token}".encode()).status == 303


def test_a_page_of_another_project_changes_nothing(browser: Browser) -> None:
    browser.sign_in("admin", "a")
    before = browser.token()
    projects = browser.ask("GET", "/session/projects", ("hx-request", "true")).body.decode()
    other = re.findall(r'value="([0-9a-f]{32})">', projects)[0]  # the current one is marked
    switched = browser.ask("POST", "/session/project", body=f"csrf={before}&project={other}".encode())
    assert switched.status == 303
    assert browser.ask("POST", "/sign-out", body=f"csrf={before}".encode()).status == 403
    assert browser.ask("POST", "/sign-out", body=f"csrf={browser.token()}".encode()).status == 303


def test_signing_out_ends_the_session_for_good(browser: Browser) -> None:
    browser.sign_in()
    kept = dict(browser.cookies)
    browser.ask("POST", "/sign-out", body=f"csrf={browser.token()}".encode())
    browser.cookies = kept
    assert browser.ask("GET", "/").status == 303


def test_nothing_runs_in_a_page_but_its_own_scripts(browser: Browser) -> None:
    browser.sign_in()
    first, second = browser.ask("GET", "/"), browser.ask("GET", "/")
    policy = str(first.header("content-security-policy"))
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([0-9a-f]{32})'", policy)
    assert nonce is not None
    assert nonce[1] not in str(second.header("content-security-policy"))
    scripts = re.findall(r"<script([^>]*)>", first.body.decode())
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in one for one in scripts)
    assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:", first.body.decode())


def test_what_is_not_there_is_a_page_too(browser: Browser) -> None:
    browser.sign_in()
    answer = browser.ask("GET", "/nothing/here")
    assert answer.status == 404
    assert "<h1>" in answer.body.decode()
    assert browser.ask("GET", "/compute/v2.1/nothing").header("content-type") == "application/json"


def test_answers_are_packed_for_who_unpacks_them(browser: Browser) -> None:
    answer = browser.ask("GET", "/sign-in", ("accept-encoding", "gzip"))
    assert answer.header("content-encoding") == "gzip"
    assert len(answer.body) < 4096
