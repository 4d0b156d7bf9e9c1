"""The account and API access in the dashboard: what is one's own to change, and secrets that are shown once."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.api.edge.asgi_client import call
from tests.usecase.test_web import Browser
from tests.usecase.web_visits import HTMX, post, read

from kumoi.api.web.pages.api import clouds_yaml, openrc
from kumoi.app.identity import tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.core.errors import Unauthenticated
from kumoi.core.ids import UserId
from kumoi.core.tenancy import User


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        made.sign_in()
        yield made
        made.close()


def elsewhere(browser: Browser) -> dict[str, str]:
    """The cookies of a second browser of the same user."""
    here, browser.cookies = browser.cookies, {}
    browser.sign_in()
    there, browser.cookies = browser.cookies, here
    return there


def is_in(browser: Browser, cookies: dict[str, str]) -> bool:
    here, browser.cookies = browser.cookies, dict(cookies)
    try:
        return browser.ask("GET", "/account").status == 200
    finally:
        browser.cookies = here


# --- the account ----------------------------------------------------------------------------------------


def test_language_and_theme_are_kept_with_the_account(browser: Browser) -> None:
    assert post(browser, "/account/looks", locale="ja", theme="dark").status == 200
    for cookies in (browser.cookies, elsewhere(browser)):
        browser.cookies = cookies
        assert '<html lang="ja" data-theme="dark">' in read(browser, "/account", ("accept-language", "en"))
    assert post(browser, "/account/looks", locale="xx", theme="dark").status == 400


def test_a_new_password_ends_all_other_sessions_and_keeps_this_browser(browser: Browser) -> None:
    other, old = elsewhere(browser), dict(browser.cookies)
    answer = post(browser, "/account/password", old="d", new="correct horse", again="correct horse")
    assert answer.header("hx-redirect") == "/account"
    assert is_in(browser, browser.cookies)
    assert not is_in(browser, other)
    assert not is_in(browser, {**old})
    house = browser.cloud.house
    with pytest.raises(Unauthenticated):
        tokens.by_password(house, Who(user_name="demo"), "d", Scope(unscoped=True))
    assert tokens.by_password(house, Who(user_name="demo"), "correct horse", Scope(unscoped=True)).token


@pytest.mark.parametrize(
    ("old", "new", "again", "field"),
    [("wrong", "n", "n", "old"), ("d", "n", "m", "again"), ("d", "", "", "new")],
)
def test_what_is_wrong_with_a_password_is_told_at_its_field(
    browser: Browser, old: str, new: str, again: str, field: str
) -> None:
    answer = post(browser, "/account/password", old=old, new=new, again=again)
    assert answer.status == 422
    assert f'id="{field}-error"' in answer.body.decode()
    assert is_in(browser, browser.cookies)


def test_sessions_are_ended_one_by_one_all_others_or_all(browser: Browser) -> None:
    first, second, third = elsewhere(browser), elsewhere(browser), elsewhere(browser)
    shown = read(browser, "/account")
    assert len(re.findall(r'<li id="seat-', shown)) == 4
    assert shown.count("this browser") == 1
    one = re.findall(r'hx-post="(/account/sessions/[0-9a-f-]{36}/end)"', shown)[0]
    assert post(browser, one).status == 204
    assert [is_in(browser, there) for there in (first, second, third)].count(False) == 1
    assert post(browser, "/account/sessions/others/end").status == 204
    assert not any(is_in(browser, there) for there in (first, second, third))
    assert is_in(browser, browser.cookies)
    here = dict(browser.cookies)
    assert post(browser, "/account/sessions/all/end").header("hx-redirect") == "/sign-in"
    assert not is_in(browser, here)


def test_another_users_session_is_not_there(browser: Browser) -> None:
    mine = re.findall(r'id="seat-([^"]+)"', read(browser, "/account"))[0]
    here, browser.cookies = browser.cookies, {}
    browser.sign_in("admin", "a")
    assert post(browser, f"/account/sessions/{mine}/end").status == 404
    assert post(browser, "/account/sessions/all/end").status == 200
    assert is_in(browser, here)


# --- API access -----------------------------------------------------------------------------------------


def test_a_secret_is_shown_when_its_key_is_made_and_never_again(browser: Browser) -> None:
    made = post(browser, "/api-access/keys")
    assert made.header("cache-control") == "no-store"
    found = re.search(r"AWS_SECRET_ACCESS_KEY=&#39;([^&]+)&#39;", made.body.decode())
    access = re.search(r"AWS_ACCESS_KEY_ID=&#39;(AK[A-Z2-7]{18})&#39;", made.body.decode())
    assert found is not None
    assert access is not None
    later = read(browser, "/api-access") + read(browser, f"/api-access/keys/{access[1]}/delete", HTMX)
    assert access[1] in later
    assert found[1] not in later
    assert post(browser, f"/api-access/keys/{access[1]}/delete").status == 204
    assert access[1] not in read(browser, "/api-access")


def test_another_users_key_is_not_there(browser: Browser) -> None:
    access = re.findall(r'id="key-(AK\w+)"', read(browser, "/api-access"))[0]
    browser.cookies = {}
    browser.sign_in("admin", "a")
    assert access not in read(browser, "/api-access")
    assert post(browser, f"/api-access/keys/{access}/delete").status in {403, 404}
    assert browser.ask("GET", f"/api-access/keys/{access}/delete").status in {403, 404}
    browser.cookies = {}
    browser.sign_in()
    assert access in read(browser, "/api-access")


def test_every_endpoint_of_the_catalog_is_told(browser: Browser) -> None:
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
    person = {"user": {"name": "demo", "domain": {"id": "default"}, "password": "d"}}
    body = json.dumps({"auth": {"identity": {"methods": ["password"], "password": person}, "scope": scope}}).encode()
    headers = [("content-type", "application/json"), ("host", "cloud.example")]
    answer = browser.runner.run(call(browser.app, "POST", "/identity/v3/auth/tokens", headers, body))
    catalog = json.loads(answer.body)["token"]["catalog"]
    shown = read(browser, "/api-access", ("host", "cloud.example"))
    assert [e["url"] for s in catalog for e in s["endpoints"] if e["url"] not in shown] == []


def test_names_do_no_harm_in_files_that_are_taken_along() -> None:
    name = '$(touch /tmp/x)\'; echo "`id`" #\n- evil: yes'
    user = User(id=UserId("u"), name=name, password_hash="")
    said = subprocess.run(
        ["sh", "-c", openrc(user, "p", "http://c", "R").rpartition("\n")[0] + '\nprintf %s "$OS_USERNAME"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == name
    line = next(one for one in clouds_yaml(user, "p", "http://c", "R").split("\n") if "username" in one)
    assert json.loads(line.partition(": ")[2]) == name
