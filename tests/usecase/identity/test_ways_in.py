"""Ways in: one-time codes, several methods, users' own exceptions from the rules, and who tries too often."""

import base64
from typing import Any

import pytest
from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.identity.conftest import Ask, City

from kumoi.app.identity import people
from kumoi.app.identity.credentials import Opened
from kumoi.app.identity.credentials import create as keep
from kumoi.app.identity.tokens import Scope
from kumoi.core.errors import Forbidden, Unauthenticated
from kumoi.core.factors import code_at, step_of
from kumoi.core.ids import CredentialId, UserId
from kumoi.core.tenancy import UserOptions

SECRET = b"12345678901234567890"


@pytest.fixture
def user(city: City) -> UserId:
    """With a secret for codes, and no rules of its own."""
    made = city.user("eve")
    blob = base64.b32encode(SECRET).decode()
    wish = Opened(id=CredentialId(""), user_id=made, project_id="", type="totp", blob=blob)
    keep(city.house, city.admin, wish)
    return made


def code(city: City) -> str:
    return code_at(SECRET, step_of(city.cloud.clock.now()))


def enter(
    ask: Ask, user: UserId, password: str | None = "p", passcode: str | None = None, *more: tuple[str, str]
) -> Answer:
    given: dict[str, Any] = {"methods": []}
    for method, secret, field in (("password", password, "password"), ("totp", passcode, "passcode")):
        if secret is not None:
            given["methods"].append(method)
            given[method] = {"user": {"id": user, field: secret}}
    return ask("POST", "/identity/v3/auth/tokens", "", {"auth": {"identity": given, "scope": "unscoped"}}, *more)


def test_a_code_lets_in_once(city: City, ask: Ask, user: UserId) -> None:
    right = code(city)
    assert enter(ask, user, None, right).json()["token"]["methods"] == ["totp"]
    assert enter(ask, user, None, right).status == 401
    city.cloud.clock.sleep(60)
    assert enter(ask, user, None, right).status == 401
    assert enter(ask, user, None, code(city)).status == 201


def test_who_has_rules_gives_all_that_they_ask_for(city: City, ask: Ask, user: UserId) -> None:
    rules = UserOptions(multi_factor_auth_enabled=True, multi_factor_auth_rules=(("password", "totp"),))
    people.update_user(city.house, city.admin, user, {"options": rules})
    assert enter(ask, user, "wrong", code(city)).status == 401
    assert enter(ask, user, "p", code(city)).json()["token"]["methods"] == ["password", "totp"]
    with pytest.raises(Unauthenticated):
        city.sign_in(user, Scope(unscoped=True))


def test_what_was_proved_is_shown_again_with_the_rest(city: City, ask: Ask, user: UserId) -> None:
    rules = UserOptions(multi_factor_auth_enabled=True, multi_factor_auth_rules=(("password", "totp"),))
    people.update_user(city.house, city.admin, user, {"options": rules})
    first = enter(ask, user)
    assert first.status == 401
    assert first.json()["receipt"]["methods"] == ["password"]
    assert first.json()["receipt"]["user"]["id"] == user
    assert first.json()["required_auth_methods"] == [["password", "totp"]]
    receipt = ("openstack-auth-receipt", first.header("Openstack-Auth-Receipt") or "")
    assert enter(ask, user, None, "000000", receipt).status == 401
    done = enter(ask, user, None, code(city), receipt)
    assert done.status == 201
    assert done.json()["token"]["methods"] == ["password", "totp"]
    other = city.user("mallory")
    assert enter(ask, other, "p", None, receipt).status == 401
    city.cloud.clock.sleep(301)
    assert enter(ask, user, None, code(city), receipt).status == 401
    assert enter(ask, user, None, code(city), ("openstack-auth-receipt", "made up")).status == 401


def test_two_users_are_not_one(city: City, ask: Ask, user: UserId) -> None:
    other = city.user("mallory")
    body = {
        "methods": ["password", "totp"],
        "password": {"user": {"id": other, "password": "p"}},
        "totp": {"user": {"id": user, "passcode": code(city)}},
    }
    assert ask("POST", "/identity/v3/auth/tokens", "", {"auth": {"identity": body}}).status == 401


def test_who_is_wrong_too_often_is_sent_away_for_a_while(city: City, ask: Ask, user: UserId) -> None:
    statuses = [enter(ask, user, "wrong").status for _ in range(12)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    refused = enter(ask, user)
    assert refused.status == 429
    city.cloud.clock.sleep(float(refused.header("retry-after") or "0"))
    assert enter(ask, user).status == 201
    assert enter(ask, user, "wrong").status == 401


def test_a_locked_password_is_changed_by_administrators_only(city: City, user: UserId) -> None:
    people.update_user(city.house, city.admin, user, {"options": UserOptions(lock_password=True)})
    with pytest.raises(Forbidden):
        people.change_password(city.house, "req-1", user, "p", "q")
    people.update_user(city.house, city.admin, user, {}, "q")
    assert city.sign_in_as("eve", "q", Scope(unscoped=True)).user.id == user


def test_a_domain_is_a_project_too_to_administrators(city: City, ask: Ask) -> None:
    admin = city.sign_in_as("admin", "a", Scope(project_id=city.cloud.project)).token
    demo = city.sign_in_as("demo", "d", Scope(project_id=city.cloud.project)).token
    made = ask("POST", "/identity/v3/projects", admin, {"project": {"name": "corp", "is_domain": True}}).json()
    domain = made["project"]["id"]
    assert made["project"]["is_domain"] is True
    assert ask("GET", f"/identity/v3/domains/{domain}", admin).json()["domain"]["name"] == "corp"
    assert ask("GET", f"/identity/v3/projects/{domain}", admin).json()["project"]["is_domain"] is True
    assert ask("GET", f"/identity/v3/projects/{domain}", demo).status == 404
    listed = ask("GET", "/identity/v3/projects?is_domain=true", admin).json()["projects"]
    assert {"corp", "Default"} <= {one["name"] for one in listed}


def test_what_is_taken_back_is_told_to_services(city: City, ask: Ask, user: UserId) -> None:
    admin = city.sign_in_as("admin", "a", Scope(project_id=city.cloud.project)).token
    held = city.sign_in(user, Scope(unscoped=True))
    assert ask("DELETE", "/identity/v3/auth/tokens", held.token, None, ("x-subject-token", held.token)).status == 204
    city.cloud.clock.sleep(10)
    people.update_user(city.house, city.admin, user, {}, "another")
    told = ask("GET", "/identity/v3/OS-REVOKE/events", admin).json()["events"]
    assert {"audit_id": held.body.audit_ids[0], "issued_before": "2023-11-14T22:13:20.000000Z"} in told
    since = ask("GET", "/identity/v3/OS-REVOKE/events?since=2023-11-14T22:13:25Z", admin).json()["events"]
    assert [one.get("user_id") for one in since] == [user]
    demo = city.sign_in_as("demo", "d", Scope(project_id=city.cloud.project)).token
    assert ask("GET", "/identity/v3/OS-REVOKE/events", demo).status == 403
