"""Sign-in by another's word: a provider's tokens, mapped users, groups and projects, and what is refused, with why."""

from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey
from tests.unit.api.edge.asgi_client import Answer
from tests.usecase.identity.conftest import Ask, City
from tests.usecase.identity.provider import CLIENT, SECRET, Provider, provider

from kumoi.app.identity.tokens import Scope

BASE = "/identity/v3/OS-FEDERATION"
ENTER = f"{BASE}/identity_providers/corp/protocols/openid/auth"
RULES = [
    {
        "local": [
            {"user": {"name": "{0}", "email": "{1}"}},
            {"groups": "{2}", "domain": {"id": "default"}},
        ],
        "remote": [
            {"type": "HTTP_OIDC_PREFERRED_USERNAME"},
            {"type": "sub"},
            {"type": "OIDC-groups", "blacklist": ["secret"]},
        ],
    },
    {
        "local": [{"projects": [{"name": "lab-{0}", "roles": [{"name": "member"}]}]}],
        "remote": [{"type": "preferred_username"}, {"type": "groups", "any_one_of": ["^de"], "regex": True}],
    },
]


@pytest.fixture
def corp(city: City) -> Iterator[Provider]:
    with provider(city.cloud.clock.now) as made:
        yield made


@pytest.fixture
def admin(city: City, ask: Ask, corp: Provider) -> str:
    """Who has let the provider in, and given the group ops a role."""
    token = city.sign_in_as("admin", "a", Scope(project_id=city.cloud.project)).token
    wish = {"enabled": True, "remote_ids": [corp.issuer]}
    assert ask("PUT", f"{BASE}/identity_providers/corp", token, {"identity_provider": wish}).status == 201
    assert ask("PUT", f"{BASE}/mappings/corp", token, {"mapping": {"rules": RULES}}).status == 201
    way = {"mapping_id": "corp", "client_id": CLIENT, "client_secret": SECRET}
    made = ask("PUT", f"{BASE}/identity_providers/corp/protocols/openid", token, {"protocol": way})
    assert made.status == 201
    assert SECRET not in made.body.decode()
    group = ask("POST", "/identity/v3/groups", token, {"group": {"name": "ops"}}).json()["group"]["id"]
    roles = ask("GET", "/identity/v3/roles?name=reader", token).json()["roles"]
    path = f"/identity/v3/projects/{city.cloud.project}/groups/{group}/roles/{roles[0]['id']}"
    assert ask("PUT", path, token).status == 204
    return token


def enter(ask: Ask, token: str) -> Answer:
    return ask("POST", ENTER, "", None, ("authorization", f"Bearer {token}"))


def why(answer: Answer) -> str:
    said: str = answer.json()["error"]["message"]
    return said


def scoped(ask: Ask, token: str, scope: dict[str, Any]) -> Answer:
    auth = {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": scope}
    return ask("POST", "/identity/v3/auth/tokens", "", {"auth": auth})


def projects(ask: Ask, token: str) -> set[str]:
    return {one["name"] for one in ask("GET", "/identity/v3/auth/projects", token).json()["projects"]}


def test_a_provider_brings_a_user_with_groups_and_projects(city: City, ask: Ask, corp: Provider, admin: str) -> None:
    entered = enter(ask, corp.token())
    assert entered.status == 201
    user = entered.json()["token"]["user"]
    assert user["name"] == "hanako"
    assert user["domain"]["name"] == "idp-corp"
    assert user["OS-FEDERATION"]["identity_provider"] == {"id": "corp"}
    token = entered.header("X-Subject-Token") or ""
    assert projects(ask, token) == {"demo", "lab-hanako"}
    inside = scoped(ask, token, {"project": {"id": city.cloud.project}})
    assert inside.json()["token"]["user"]["OS-FEDERATION"]["protocol"] == {"id": "openid"}
    assert city.roles(inside.header("X-Subject-Token") or "") == ["reader"]
    again = enter(ask, corp.token())
    assert again.json()["token"]["user"]["id"] == user["id"]


def test_a_group_that_is_named_no_more_is_left(city: City, ask: Ask, corp: Provider, admin: str) -> None:
    token = enter(ask, corp.token()).header("X-Subject-Token") or ""
    corp.person["groups"] = ["dev"]
    again = enter(ask, corp.token()).header("X-Subject-Token") or ""
    for one in (token, again):
        assert projects(ask, one) == {"lab-hanako"}


def test_a_token_that_is_not_for_us_is_refused_with_why(city: City, ask: Ask, corp: Provider, admin: str) -> None:
    now = int(city.cloud.clock.now())
    for meddled, said in (
        ({"iss": "https://elsewhere.example"}, "elsewhere.example"),
        ({"aud": "another-program"}, "another-program"),
        ({"exp": now - 3600}, "expired"),
        ({"nbf": now + 3600}, "not good yet"),
        ({"sub": ""}, "who this is"),
    ):
        corp.meddle = dict(meddled)
        refused = enter(ask, corp.token())
        assert refused.status == 401
        assert said in why(refused)
    corp.meddle = {}
    city.cloud.clock.sleep(11)
    corp.key = ECKey.generate_key("P-256", {"kid": "two"})
    assert enter(ask, corp.token()).status == 201  # a key of the provider's that is new to us
    stranger = Provider(corp.issuer, city.cloud.clock.now)
    assert "not signed" in why(enter(ask, stranger.token()))
    assert ask("POST", ENTER).status == 401


def test_a_token_of_our_own_client_will_do_and_an_opaque_one_is_asked_about(
    ask: Ask, corp: Provider, admin: str
) -> None:
    corp.meddle = {"aud": "account", "azp": CLIENT}
    assert enter(ask, corp.token()).status == 201
    assert enter(ask, f"opaque-for-{CLIENT}").json()["token"]["user"]["name"] == "hanako"
    assert "another-program" in why(enter(ask, "opaque-for-another-program"))
    assert "any more" in why(enter(ask, "unknown"))


def test_who_is_not_mapped_is_not_let_in(ask: Ask, corp: Provider, admin: str) -> None:
    del corp.person["preferred_username"]
    refused = enter(ask, corp.token())
    assert refused.status == 403
    assert "corp" in why(refused)


def test_a_provider_takes_nobodys_place(city: City, ask: Ask, corp: Provider, admin: str) -> None:
    """Its user named admin, in the domain where ours is."""
    ask("PATCH", f"{BASE}/identity_providers/corp", admin, {"identity_provider": {"domain_id": "default"}})
    corp.person["preferred_username"] = "admin"
    refused = enter(ask, corp.token())
    assert refused.status == 403
    assert "another user" in why(refused)


def test_a_provider_that_is_switched_off_ends_what_it_opened(ask: Ask, corp: Provider, admin: str) -> None:
    token = enter(ask, corp.token()).header("X-Subject-Token") or ""
    assert ask("GET", "/identity/v3/auth/projects", token).status == 200
    ask("PATCH", f"{BASE}/identity_providers/corp", admin, {"identity_provider": {"enabled": False}})
    assert ask("GET", "/identity/v3/auth/projects", token).status == 401
    assert enter(ask, corp.token()).status == 403


def test_a_rule_may_name_a_user_of_ours(city: City, ask: Ask, corp: Provider, admin: str) -> None:
    local = {"user": {"name": "{0}", "type": "local", "domain": {"name": "Default"}}}
    rules = [{"local": [local], "remote": [{"type": "preferred_username"}]}]
    ask("PATCH", f"{BASE}/mappings/corp", admin, {"mapping": {"rules": rules}})
    corp.person["preferred_username"] = "demo"
    entered = enter(ask, corp.token()).json()["token"]["user"]
    assert "OS-FEDERATION" not in entered
    assert entered["id"] == city.sign_in_as("demo", "d", Scope(unscoped=True)).user.id
    corp.person["preferred_username"] = "nobody"
    assert enter(ask, corp.token()).status == 401


def test_a_provider_that_says_it_is_another_is_not_believed(ask: Ask, corp: Provider, admin: str) -> None:
    corp.more = {"issuer": "https://elsewhere.example"}
    assert "elsewhere.example" in why(enter(ask, corp.token()))
