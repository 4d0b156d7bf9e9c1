"""Roles that were made, and what they imply, as tokens show them."""

import pytest
from tests.usecase.identity.conftest import City

from kumoi.app.identity import domains, people, roles
from kumoi.app.identity.tokens import Scope
from kumoi.core.errors import Forbidden, Invalid, NotFound, Taken, Unauthenticated
from kumoi.core.ids import DomainId, RoleId
from kumoi.core.roles import Role
from kumoi.core.tenancy import Domain


def role(city: City, name: str, domain_id: str = "") -> RoleId:
    return roles.create(city.house, city.admin, Role(id=RoleId(""), name=name, domain_id=domain_id)).id


def test_what_a_role_implies_is_in_every_token_from_then_on(city: City) -> None:
    auditor, clerk = role(city, "auditor"), role(city, "clerk")
    user, project = city.user("u"), city.project("p")
    people.assign(city.house, city.admin, user, project, auditor)
    token = city.sign_in(user, Scope(project_id=project)).token
    assert city.roles(token) == ["auditor"]
    roles.imply(city.house, city.admin, auditor, clerk)
    roles.imply(city.house, city.admin, clerk, RoleId("member"))
    assert city.roles(token) == ["auditor", "clerk", "member", "reader"]
    roles.imply_no_more(city.house, city.admin, auditor, clerk)
    assert city.roles(token) == ["auditor"]


def test_a_role_that_goes_takes_its_assignments_along(city: City) -> None:
    auditor = role(city, "auditor")
    user, project = city.user("u"), city.project("p")
    people.assign(city.house, city.admin, user, project, auditor)
    token = city.sign_in(user, Scope(project_id=project)).token
    roles.imply(city.house, city.admin, RoleId("member"), auditor)
    roles.delete(city.house, city.admin, auditor)
    with pytest.raises(Unauthenticated):
        city.roles(token)
    assert [prior.id for prior, _ in roles.implications(city.house, city.admin)] == ["admin", "manager", "member"]


def test_built_in_and_immutable_roles_stay_as_they_are(city: City) -> None:
    for one in ("admin", "reader"):
        with pytest.raises(Forbidden):
            roles.delete(city.house, city.admin, RoleId(one))
        with pytest.raises(Forbidden):
            roles.update(city.house, city.admin, RoleId(one), {"immutable": False})
    with pytest.raises(Forbidden):
        roles.imply_no_more(city.house, city.admin, RoleId("admin"), RoleId("manager"))
    made = roles.create(city.house, city.admin, Role(id=RoleId(""), name="fixed", immutable=True)).id
    with pytest.raises(Forbidden):
        roles.update(city.house, city.admin, made, {"name": "other"})
    with pytest.raises(Forbidden):
        roles.delete(city.house, city.admin, made)
    roles.update(city.house, city.admin, made, {"immutable": False})
    roles.delete(city.house, city.admin, made)


def test_nothing_implies_administrators_or_itself(city: City) -> None:
    auditor, clerk = role(city, "auditor"), role(city, "clerk")
    with pytest.raises(Forbidden):
        roles.imply(city.house, city.admin, auditor, RoleId("admin"))
    roles.imply(city.house, city.admin, auditor, clerk)
    with pytest.raises(Invalid):
        roles.imply(city.house, city.admin, clerk, auditor)


def test_a_name_is_taken_within_its_domain_only(city: City) -> None:
    made = domains.create(city.house, city.admin, Domain(id=DomainId(""), name="d")).id
    with pytest.raises(Taken):
        role(city, "admin")
    role(city, "auditor")
    with pytest.raises(Taken):
        role(city, "auditor")
    role(city, "auditor", made)
    role(city, "admin", made)
    with pytest.raises(NotFound):
        role(city, "auditor", "nowhere")


def test_a_domains_own_role_shows_only_by_what_it_implies(city: City) -> None:
    """Even if it is called admin: it makes nobody one."""
    home = domains.create(city.house, city.admin, Domain(id=DomainId(""), name="d")).id
    own = role(city, "admin", home)
    user, project = city.user("u", home), city.project("p", home)
    people.assign(city.house, city.admin, user, project, own)
    with pytest.raises(Unauthenticated):
        city.sign_in(user, Scope(project_id=project))
    roles.imply(city.house, city.admin, own, RoleId("reader"))
    assert city.roles(city.sign_in(user, Scope(project_id=project)).token) == ["reader"]
    with pytest.raises(Forbidden):
        people.assign(city.house, city.admin, user, city.cloud.project, own)
