"""Limits for other programs: registered, given to projects, read by those whom they bind; and the audit of it."""

from typing import Any

import pytest
from tests.usecase.identity.conftest import Ask, City

from kumoi.app.identity.tokens import Scope

V3 = "/identity/v3"


@pytest.fixture
def admin(city: City) -> str:
    return city.sign_in_as("admin", "a", Scope(project_id=city.cloud.project)).token


def image_service(ask: Ask, admin: str) -> str:
    services = ask("GET", f"{V3}/services", admin).json()["services"]
    return str(next(one["id"] for one in services if one["type"] == "image"))


def register(ask: Ask, admin: str, **fields: Any) -> Any:
    new = {"service_id": image_service(ask, admin), "resource_name": "images", "default_limit": 10, **fields}
    return ask("POST", f"{V3}/registered_limits", admin, {"registered_limits": [new]})


def test_a_limit_stands_upon_a_registered_one(city: City, ask: Ask, admin: str) -> None:
    new = {
        "service_id": image_service(ask, admin), "resource_name": "images", "resource_limit": 3,
        "project_id": city.cloud.project,
    }  # fmt: skip
    assert ask("POST", f"{V3}/limits", admin, {"limits": [new]}).status == 403
    registered = register(ask, admin).json()["registered_limits"][0]
    assert register(ask, admin).status == 409
    assert register(ask, admin, resource_name="x", service_id="nothing").status == 400
    made = ask("POST", f"{V3}/limits", admin, {"limits": [new]})
    limit = made.json()["limits"][0]
    assert (made.status, limit["resource_limit"]) == (201, 3)
    assert ask("POST", f"{V3}/limits", admin, {"limits": [new]}).status == 409
    both = {**new, "domain_id": "default"}
    assert ask("POST", f"{V3}/limits", admin, {"limits": [both]}).status == 400
    path = f"{V3}/registered_limits/{registered['id']}"
    assert ask("PATCH", path, admin, {"registered_limit": {"default_limit": 7}}).status == 200
    assert ask("PATCH", path, admin, {"registered_limit": {"resource_name": "y"}}).status == 403
    assert ask("DELETE", path, admin).status == 403
    change = {"limit": {"resource_limit": -1}}
    assert ask("PATCH", f"{V3}/limits/{limit['id']}", admin, change).json()["limit"]["resource_limit"] == -1
    assert ask("DELETE", f"{V3}/limits/{limit['id']}", admin).status == 204
    assert ask("DELETE", path, admin).status == 204
    assert ask("GET", f"{V3}/limits/model", admin).json()["model"]["name"] == "flat"


def test_members_read_their_own_and_write_none(city: City, ask: Ask, admin: str) -> None:
    demo = city.sign_in_as("demo", "d", Scope(project_id=city.cloud.project)).token
    other = city.project("other")
    service = image_service(ask, admin)
    register(ask, admin)
    new = {"service_id": service, "resource_name": "images", "resource_limit": 3}
    wishes = [{**new, "project_id": project} for project in (city.cloud.project, other)]
    assert ask("POST", f"{V3}/limits", demo, {"limits": wishes}).status == 403
    made = ask("POST", f"{V3}/limits", admin, {"limits": wishes}).json()["limits"]
    assert [one["project_id"] for one in ask("GET", f"{V3}/limits", demo).json()["limits"]] == [city.cloud.project]
    assert ask("GET", f"{V3}/limits/{made[1]['id']}", demo).status == 404
    assert len(ask("GET", f"{V3}/limits?project_id={other}", admin).json()["limits"]) == 1
    assert len(ask("GET", f"{V3}/registered_limits", demo).json()["registered_limits"]) == 1


def test_what_was_done_is_told_as_audit_records(city: City, ask: Ask, admin: str) -> None:
    register(ask, admin)
    told = ask("GET", "/operator/v1/events?format=cadf&kind=registered_limit", admin)
    assert told.status == 200, told.body
    record = told.json()["events"][0]
    assert (record["action"], record["outcome"]) == ("create", "success")
    assert record["initiator"]["id"] == city.admin.actor.user_id
