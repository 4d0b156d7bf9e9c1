"""The dashboard's door: a code after the password, and another's account; whatever is wrong is said on the page."""

import asyncio
import base64
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.identity.provider import CLIENT, SECRET, Provider, provider
from tests.usecase.test_web import Browser

from kumoi.app.identity import federations, kept, people
from kumoi.app.identity.credentials import Opened
from kumoi.app.identity.credentials import create as keep
from kumoi.core.factors import code_at, step_of
from kumoi.core.federation import IdentityProvider, Mapping
from kumoi.core.ids import CredentialId, DomainId, IdentityProviderId, MappingId
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import User, UserOptions

CODES = b"12345678901234567890"
RULES = '[{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "preferred_username"}]}]'


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with asyncio.Runner() as runner:
        made = Browser(tmp_path, runner)
        yield made
        made.close()


@pytest.fixture
def corp(browser: Browser) -> Iterator[Provider]:
    house, admin = browser.cloud.house, browser.cloud.call(admin=True)
    with provider(browser.cloud.clock.now) as made:
        wish = IdentityProvider(
            id=IdentityProviderId("corp"),
            domain_id=DomainId(""),
            description="Corp <3",
            enabled=True,
            remote_ids=(made.issuer,),
        )
        federations.enter_provider(house, admin, wish)
        kept.create(house, admin, federations.MAPPINGS, Mapping(id=MappingId("corp"), rules=RULES))
        fields = {"mapping_id": "corp", "client_id": CLIENT}
        federations.add_protocol(house, admin, "corp", "openid", fields, SECRET)
        yield made


def page(answer: Answer) -> str:
    return unescape(answer.body.decode())


def leave(browser: Browser, path: str = "/sign-in/with/corp/openid?next=/account") -> str:
    answer = browser.ask("GET", path)
    assert answer.status == 303
    return answer.header("location") or ""


def through(corp: Provider, place: str) -> str:
    """What the provider sends the browser back to, once somebody has signed in there."""
    back = urlsplit(corp.answer("GET", place.removeprefix(corp.issuer), "", "")[1])
    return f"{back.path}?{back.query}"


def demo(browser: Browser) -> User:
    found: list[User] = browser.cloud.store.read(lambda tx: tx.users.find(Query(filters=(eq("name", "demo"),))))
    return found[0]


def with_code(browser: Browser) -> None:
    house, admin, user = browser.cloud.house, browser.cloud.call(admin=True), demo(browser)
    blob = base64.b32encode(CODES).decode()
    keep(house, admin, Opened(id=CredentialId(""), user_id=user.id, project_id="", type="totp", blob=blob))
    rules = UserOptions(multi_factor_auth_enabled=True, multi_factor_auth_rules=(("password", "totp"),))
    people.update_user(house, admin, user.id, {"options": rules})


def code(browser: Browser, receipt: str, digits: str) -> Answer:
    body = f"user=demo&domain=default&receipt={quote(receipt)}&code={quote(digits)}&next=/account"
    return browser.ask("POST", "/sign-in", body=body.encode())


def test_a_code_is_asked_for_after_the_password(browser: Browser) -> None:
    with_code(browser)
    first = browser.sign_in()
    assert first.status == 200
    assert "One-time code" in page(first)
    assert 'name="password"' not in page(first)
    found = re.search(r'name="receipt" value="([^"]+)"', page(first))
    assert found is not None
    wrong = code(browser, found[1], "000000")
    assert wrong.status == 401
    assert "code is wrong" in page(wrong)
    assert browser.ask("GET", "/account").status == 303
    right = code_at(CODES, step_of(browser.cloud.clock.now()))
    browser.cloud.clock.sleep(2)
    done = code(browser, found[1], f"{right[:3]} {right[3:]}")
    assert (done.status, done.header("location")) == (303, "/account")
    assert browser.ask("GET", "/account").status == 200


def test_another_account_opens_the_door(browser: Browser, corp: Provider) -> None:
    assert "Sign in with Corp <3" in page(browser.ask("GET", "/sign-in"))
    place = leave(browser)
    asked = dict(parse_qsl(urlsplit(place).query))
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://localhost/sign-in/back"
    entered = browser.ask("GET", through(corp, place))
    assert (entered.status, entered.header("location")) == (303, "/account")
    assert "hanako" in page(browser.ask("GET", "/account"))


def test_the_way_back_is_gone_once(browser: Browser, corp: Provider) -> None:
    place = leave(browser)
    trip = dict(browser.cookies)
    back = through(corp, place)
    assert browser.ask("GET", back).status == 303
    browser.cookies = trip
    again = browser.ask("GET", back)
    assert again.status == 401
    assert "over already" in page(again)


def test_what_is_wrong_on_the_way_back_is_said(browser: Browser, corp: Provider) -> None:
    stranger = through(corp, leave(browser))
    browser.cookies.clear()
    assert "not begun in this browser" in page(browser.ask("GET", stranger))
    leave(browser)
    assert "not begun in this browser" in page(browser.ask("GET", stranger))
    leave(browser)
    other = browser.ask("GET", f"/sign-in/back?error=access_denied&state={'x' * 43}")
    assert "not begun in this browser" in page(other)
    for meddled, said in (({"nonce": "another"}, "another sign-in"), ({"aud": "another"}, "is for another")):
        corp.meddle = dict(meddled)
        refused = browser.ask("GET", through(corp, leave(browser)))
        assert refused.status == 401
        assert said in page(refused)
    corp.meddle = {}
    late = through(corp, leave(browser))
    browser.cloud.clock.sleep(601)
    assert "took too long" in page(browser.ask("GET", late))
    denied = dict(parse_qsl(urlsplit(leave(browser)).query))["state"]
    assert "no thanks" in page(
        browser.ask("GET", f"/sign-in/back?error=access_denied&error_description=no+thanks&state={denied}")
    )
    assert browser.ask("GET", "/account").status == 303


def test_a_code_that_another_browser_got_is_worth_nothing(browser: Browser, corp: Provider) -> None:
    """Whoever steals the code has no verifier for it."""
    stolen = dict(parse_qsl(urlsplit(through(corp, leave(browser))).query))["code"]
    mine = dict(parse_qsl(urlsplit(leave(browser)).query))["state"]
    refused = browser.ask("GET", f"/sign-in/back?code={stolen}&state={mine}")
    assert refused.status == 401
    assert "verifier" in page(refused)


def test_a_provider_that_is_away_is_said_to_be(browser: Browser, corp: Provider) -> None:
    corp.more = {"token_endpoint": 7}
    refused = browser.ask("GET", "/sign-in/with/corp/openid")
    assert refused.status == 503
    assert "does not answer" in page(refused)
