"""What was entered into the catalog beside the cloud's own, as a client sees it."""

from typing import Any

import pytest
from tests.usecase.identity.conftest import Ask, City

from kumoi.app.identity.tokens import Scope

V3 = "/identity/v3"


@pytest.fixture
def token(city: City) -> str:
    return city.sign_in_as("admin", "a", Scope(project_id=city.cloud.project)).token


def made(ask: Ask, token: str, kind: str, **fields: Any) -> dict[str, Any]:
    answer = ask("POST", f"{V3}/{kind}s", token, {kind: fields})
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json()[kind]
    return found


def shown(ask: Ask, token: str, service_type: str) -> list[str]:
    """The addresses of a service in a token's catalog."""
    catalog = ask("GET", f"{V3}/auth/catalog", token).json()["catalog"]
    return [e["url"] for service in catalog if service["type"] == service_type for e in service["endpoints"]]


def test_what_is_entered_shows_in_catalogs_until_it_goes(ask: Ask, token: str) -> None:
    service = made(ask, token, "service", type="dns", name="designate")
    endpoint = made(
        ask, token, "endpoint", service_id=service["id"], interface="public", url="http://dns.test/v2", region="East"
    )
    assert ask("GET", f"{V3}/regions/East", token).status == 200
    assert shown(ask, token, "dns") == ["http://dns.test/v2"]
    path = f"{V3}/endpoints/{endpoint['id']}"
    assert ask("PATCH", path, token, {"endpoint": {"enabled": False}}).status == 200
    assert shown(ask, token, "dns") == []
    assert ask("DELETE", f"{V3}/regions/East", token).status == 403
    assert ask("DELETE", f"{V3}/services/{service['id']}", token).status == 204
    assert ask("GET", path, token).status == 404
    assert ask("DELETE", f"{V3}/regions/East", token).status == 204


def test_the_clouds_own_stays_as_it_is(ask: Ask, token: str) -> None:
    changes = {"service": {"name": "x"}, "endpoint": {"url": "http://x"}, "region": {"description": ""}}
    for kind, change in changes.items():
        for one in ask("GET", f"{V3}/{kind}s", token).json()[f"{kind}s"]:
            path = f"{V3}/{kind}s/{one['id']}"
            assert ask("GET", path, token).status == 200
            assert ask("PATCH", path, token, {kind: change}).status == 403
            assert ask("DELETE", path, token).status == 403
    assert ask("POST", f"{V3}/regions", token, {"region": {"id": "RegionOne"}}).status == 409


def test_a_wrong_endpoint_or_region_is_refused(ask: Ask, token: str) -> None:
    own = ask("GET", f"{V3}/services?type=compute", token).json()["services"][0]["id"]
    right = {"service_id": own, "interface": "public", "url": "http://other.test"}
    for wrong in ({"service_id": "none"}, {"interface": "secret"}, {"url": "nowhere"}, {"enabled": "False"}):
        assert ask("POST", f"{V3}/endpoints", token, {"endpoint": {**right, **wrong}}).status == 400, wrong
    made(ask, token, "endpoint", **right)
    assert "http://other.test" in shown(ask, token, "compute")
    upper = made(ask, token, "region", id="upper")["id"]
    lower = made(ask, token, "region", parent_region_id=upper)["id"]
    path = f"{V3}/regions/{upper}"
    assert ask("PATCH", path, token, {"region": {"parent_region_id": lower}}).status == 400
    assert ask("DELETE", path, token).status == 403
    listed = ask("GET", f"{V3}/regions?parent_region_id={upper}", token).json()["regions"]
    assert [one["id"] for one in listed] == [lower]
