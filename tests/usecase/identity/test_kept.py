"""What administrators enter: federation's nouns, endpoint groups, policies, configurations of domains; and what more is
kept with users."""

from typing import Any

import pytest
from tests.usecase.identity.conftest import Ask, City

from kumoi.app.identity.tokens import Scope

V3 = "/identity/v3"
FED = f"{V3}/OS-FEDERATION"
RULES = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "OIDC-sub"}]}]


@pytest.fixture
def admin(city: City) -> str:
    return city.sign_in_as("admin", "a", Scope(project_id=city.cloud.project)).token


@pytest.fixture
def demo(city: City) -> str:
    return city.sign_in_as("demo", "d", Scope(project_id=city.cloud.project)).token


def test_a_provider_gets_a_domain_and_takes_its_protocols_along(ask: Ask, admin: str) -> None:
    one = f"{FED}/identity_providers/corp"
    made = ask("PUT", one, admin, {"identity_provider": {"remote_ids": ["https://issuer"]}})
    provider = made.json()["identity_provider"]
    assert (made.status, provider["enabled"]) == (201, False)
    assert ask("GET", f"{V3}/domains/{provider['domain_id']}", admin).status == 200
    again = {"identity_provider": {"remote_ids": ["https://issuer"]}}
    assert ask("PUT", f"{FED}/identity_providers/other", admin, again).status == 409
    assert ask("PUT", f"{one}/protocols/openid", admin, {"protocol": {"mapping_id": "m"}}).status == 400
    assert ask("PUT", f"{FED}/mappings/m", admin, {"mapping": {"rules": RULES}}).status == 201
    assert ask("PUT", f"{one}/protocols/openid", admin, {"protocol": {"mapping_id": "m"}}).status == 201
    assert [p["id"] for p in ask("GET", f"{one}/protocols", admin).json()["protocols"]] == ["openid"]
    assert ask("DELETE", one, admin).status == 204
    assert ask("GET", f"{one}/protocols/openid", admin).status == 404


def test_tokens_name_the_clouds_that_take_our_word(ask: Ask, admin: str) -> None:
    urls = {"auth_url": "https://peer/v3/auth", "sp_url": "https://peer/sso"}
    for name, enabled in (("on", True), ("off", False)):
        body = {"service_provider": {**urls, "enabled": enabled}}
        assert ask("PUT", f"{FED}/service_providers/{name}", admin, body).status == 201
    bad = {"service_provider": {"auth_url": "no address"}}
    assert ask("PATCH", f"{FED}/service_providers/on", admin, bad).status == 400
    shown = ask("GET", f"{V3}/auth/tokens", admin, None, ("x-subject-token", admin)).json()["token"]
    assert [one["id"] for one in shown["service_providers"]] == ["on"]


def test_nobody_else_reads_or_writes_them(ask: Ask, demo: str) -> None:
    for kind, body in (
        ("identity_providers", {"identity_provider": {}}),
        ("mappings", {"mapping": {"rules": RULES}}),
        ("service_providers", {"service_provider": {}}),
    ):
        assert ask("GET", f"{FED}/{kind}", demo).status == 403
        assert ask("PUT", f"{FED}/{kind}/x", demo, body).status == 403


def types(ask: Ask, token: str) -> set[str]:
    return {one["type"] for one in ask("GET", f"{V3}/auth/catalog", token).json()["catalog"]}


def test_a_project_is_shown_the_endpoints_that_it_was_given(city: City, ask: Ask, admin: str, demo: str) -> None:
    everything = types(ask, demo)
    services = ask("GET", f"{V3}/services", admin).json()["services"]
    image = next(one["id"] for one in services if one["type"] == "image")
    body = {"endpoint_group": {"name": "images", "filters": {"service_id": image, "interface": "public"}}}
    group = ask("POST", f"{V3}/OS-EP-FILTER/endpoint_groups", admin, body).json()["endpoint_group"]["id"]
    given = f"{V3}/OS-EP-FILTER/endpoint_groups/{group}/projects/{city.cloud.project}"
    assert ask("PUT", given, admin).status == 204
    assert types(ask, demo) == {"image"}
    endpoints = ask("GET", f"{V3}/endpoints", admin).json()["endpoints"]
    network = next(one["id"] for one in endpoints if one["url"].endswith("/network"))
    assert ask("PUT", f"{V3}/OS-EP-FILTER/projects/{city.cloud.project}/endpoints/{network}", admin).status == 204
    assert types(ask, demo) == {"image", "network"}
    assert ask("DELETE", f"{V3}/OS-EP-FILTER/endpoint_groups/{group}", admin).status == 204
    assert types(ask, demo) == {"network"}
    assert ask("DELETE", f"{V3}/OS-EP-FILTER/projects/{city.cloud.project}/endpoints/{network}", admin).status == 204
    assert types(ask, demo) == everything


def test_policies_are_kept_as_they_come(ask: Ask, admin: str) -> None:
    body: dict[str, Any] = {"policy": {"type": "application/json", "blob": {"a": ["b"]}}}
    made = ask("POST", f"{V3}/policies", admin, body).json()["policy"]
    path = f"{V3}/policies/{made['id']}"
    assert ask("PATCH", path, admin, {"policy": {"type": "text/plain"}}).json()["policy"]["blob"] == {"a": ["b"]}
    assert ask("DELETE", path, admin).status == 204


def test_a_domains_configuration_is_kept_in_parts_and_its_password_is_shown_to_nobody(ask: Ask, admin: str) -> None:
    domain = ask("POST", f"{V3}/domains", admin, {"domain": {"name": "corp"}}).json()["domain"]["id"]
    path = f"{V3}/domains/{domain}/config"
    ldap = {"url": "ldap://corp", "user_tree_dn": "ou=Users"}
    assert ask("GET", path, admin).status == 404
    put = ask("PUT", path, admin, {"config": {"ldap": {**ldap, "password": "secret"}}})
    assert put.json()["config"] == {"ldap": ldap}
    assert b"secret" not in put.body
    assert ask("PATCH", f"{path}/ldap/url", admin, {"config": {"url": "ldap://other"}}).status == 200
    assert ask("GET", f"{path}/ldap/url", admin).json()["config"] == {"url": "ldap://other"}
    assert ask("PATCH", f"{path}/ldap", admin, {"config": {"identity": {"driver": "ldap"}}}).status == 403
    assert ask("PUT", path, admin, {"config": {"ldap": {"no_such": "x"}}}).status == 403
    assert ask("DELETE", f"{path}/ldap/user_tree_dn", admin).status == 204
    assert ask("GET", f"{path}/ldap", admin).json()["config"] == {"ldap": {"url": "ldap://other"}}
    assert ask("GET", f"{V3}/domains/config/identity/driver/default", admin).json()["config"] == {"driver": "sql"}


def test_users_keep_what_clients_keep_with_them(ask: Ask, admin: str) -> None:
    body = {"user": {"name": "extra", "password": "p", "phone": "123", "project_id": "p1"}}
    user = ask("POST", f"{V3}/users", admin, body).json()["user"]
    assert (user["phone"], user["project_id"]) == ("123", "p1")
    change = {"user": {"project_id": "p2", "phone": None, "options": {"lock_password": True}}}
    done = ask("PATCH", f"{V3}/users/{user['id']}", admin, change).json()["user"]
    assert (done["project_id"], done["options"]) == ("p2", {"lock_password": True})
    assert "phone" not in done
