"""Who looks after whom: the manager of a domain in it and nowhere else, the reader of the system everywhere."""

from typing import Any

import pytest
from tests.usecase.identity.conftest import Ask, City

from kumoi.app.identity import assignments, domains
from kumoi.app.identity.tokens import Scope
from kumoi.core.ids import DomainId, UserId
from kumoi.core.roles import Assignment
from kumoi.core.tenancy import Domain

V3 = "/identity/v3"


class Domains:
    """`here` is managed, by `token`; `there` is another one."""

    def __init__(self, city: City) -> None:
        self.here, self.there = (
            domains.create(city.house, city.admin, Domain(id=DomainId(""), name=name)).id for name in ("here", "there")
        )
        boss = city.user("boss", self.here)
        give = Assignment(id="", role="manager", user_id=boss, domain_id=self.here)
        assignments.assign(city.house, city.admin, give)
        self.token = city.sign_in(boss, Scope(whole_domain=self.here)).token


@pytest.fixture
def two(city: City) -> Domains:
    return Domains(city)


def new_user(name: str, domain: str) -> dict[str, Any]:
    return {"user": {"name": name, "domain_id": domain, "password": "p"}}


def test_a_manager_looks_after_its_domain(city: City, ask: Ask, two: Domains) -> None:
    token = two.token
    user = ask("POST", f"{V3}/users", token, new_user("new", two.here)).json()["user"]["id"]
    project = {"project": {"name": "p", "domain_id": two.here}}
    project_id = ask("POST", f"{V3}/projects", token, project).json()["project"]["id"]
    group = {"group": {"name": "g", "domain_id": two.here}}
    group_id = ask("POST", f"{V3}/groups", token, group).json()["group"]["id"]
    assert ask("PUT", f"{V3}/groups/{group_id}/users/{user}", token).status == 204
    roles = {r["name"]: r["id"] for r in ask("GET", f"{V3}/roles", token).json()["roles"]}
    given = f"{V3}/projects/{project_id}/users/{user}/roles"
    assert ask("PUT", f"{given}/{roles['member']}", token).status == 204
    assert city.roles(city.sign_in(user, Scope(project_id=project_id)).token) == ["member", "reader"]
    assert ask("PUT", f"{given}/{roles['admin']}", token).status == 403
    assert {u["name"] for u in ask("GET", f"{V3}/users", token).json()["users"]} == {"boss", "new"}
    assert [p["name"] for p in ask("GET", f"{V3}/projects", token).json()["projects"]] == ["p"]
    assert ask("PATCH", f"{V3}/users/{user}", token, {"user": {"enabled": False}}).status == 200
    assert ask("DELETE", f"{V3}/users/{user}", token).status == 204
    assert ask("DELETE", f"{V3}/projects/{project_id}", token).status == 204


def test_nothing_of_another_domain_is_there_for_a_manager(city: City, ask: Ask, two: Domains) -> None:
    token = two.token
    stranger, project = city.user("stranger", two.there), city.project("theirs", two.there)
    own = ask("POST", f"{V3}/users", token, new_user("own", two.here)).json()["user"]["id"]
    roles = {r["name"]: r["id"] for r in ask("GET", f"{V3}/roles", token).json()["roles"]}
    for method, path, body in (
        ("POST", "users", new_user("x", two.there)),
        ("GET", f"users/{stranger}", None),
        ("PATCH", f"users/{stranger}", {"user": {"password": "mine"}}),
        ("DELETE", f"users/{stranger}", None),
        ("GET", f"projects/{project}", None),
        ("PATCH", f"projects/{project}", {"project": {"name": "mine"}}),
        ("DELETE", f"projects/{project}", None),
        ("PUT", f"projects/{project}/users/{own}/roles/{roles['member']}", None),
        ("PUT", f"domains/{two.here}/users/{stranger}/roles/{roles['member']}", None),
        ("PUT", f"system/users/{own}/roles/{roles['member']}", None),
        ("POST", "domains", {"domain": {"name": "third"}}),
    ):
        assert ask(method, f"{V3}/{path}", token, body).status in {403, 404}, (method, path)


def test_a_manager_raises_nobody_by_an_administrator(city: City, ask: Ask, two: Domains) -> None:
    """Neither by its password nor by a group that makes administrators."""
    chief = city.user("chief", two.here)
    assignments.assign(city.house, city.admin, Assignment(id="", role="admin", user_id=chief))
    group = {"group": {"name": "g", "domain_id": two.here}}
    group_id = ask("POST", f"{V3}/groups", two.token, group).json()["group"]["id"]
    assignments.assign(city.house, city.admin, Assignment(id="", role="admin", group_id=group_id))
    assert ask("PATCH", f"{V3}/users/{chief}", two.token, {"user": {"password": "mine"}}).status == 403
    assert ask("DELETE", f"{V3}/users/{chief}", two.token).status == 403
    own = ask("POST", f"{V3}/users", two.token, new_user("own", two.here)).json()["user"]["id"]
    assert ask("PUT", f"{V3}/groups/{group_id}/users/{own}", two.token).status == 403


def test_the_reader_of_the_system_reads_all_of_it_and_writes_nothing(city: City, ask: Ask) -> None:
    eyes: UserId = city.user("eyes")
    assignments.assign(city.house, city.admin, Assignment(id="", role="reader", user_id=eyes))
    token = city.sign_in(eyes, Scope(system=True)).token
    chief = city.admin.actor.user_id
    for path in ("users", "projects", "groups", "OS-FEDERATION/mappings", "policies", f"users/{chief}"):
        assert ask("GET", f"{V3}/{path}", token).status == 200, path
    assert ask("GET", "/operator/v1/events", token).status == 200
    assert ask("POST", f"{V3}/users", token, new_user("x", "default")).status == 403
    assert ask("DELETE", f"{V3}/projects/{city.cloud.project}", token).status == 403
