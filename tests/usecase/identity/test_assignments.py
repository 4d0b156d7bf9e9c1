"""Who holds what where: by groups, from above, in domains; and the lists of it."""

import pytest
from msgspec.structs import replace
from tests.usecase.identity.conftest import ASKED, City

from kumoi.app.identity import assignments, domains, groups, people, scopes, tokens
from kumoi.app.identity.assignments import Wanted
from kumoi.app.identity.tokens import Scope
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from kumoi.core.ids import DomainId, UserGroupId, UserId
from kumoi.core.query import Query
from kumoi.core.roles import Assignment
from kumoi.core.tenancy import Domain, UserGroup


def give(city: City, role: str, **where: str) -> Assignment:
    inherited = bool(where.pop("inherited", ""))
    wish = Assignment(id="", role=role, inherited=inherited, **where)
    assignments.assign(city.house, city.admin, wish)
    return wish


def group(city: City, *members: UserId) -> UserGroupId:
    made = groups.create(city.house, city.admin, UserGroup(id=UserGroupId(""), name="g")).id
    for user_id in members:
        groups.add_member(city.house, city.admin, made, user_id)
    return made


def call_of(city: City, token: str) -> Call:
    return replace(city.cloud.call(), actor=tokens.actor_of(city.house, token, ASKED))


def test_a_group_gives_its_members_what_it_has_and_takes_it_when_they_go(city: City) -> None:
    user, project = city.user("u"), city.project("p")
    made = group(city, user)
    give(city, "member", group_id=made, project_id=project)
    token = city.sign_in(user, Scope(project_id=project)).token
    assert city.roles(token) == ["member", "reader"]
    groups.remove_member(city.house, city.admin, made, user)
    with pytest.raises(Unauthenticated):
        city.roles(token)
    groups.add_member(city.house, city.admin, made, user)
    groups.delete(city.house, city.admin, made)
    with pytest.raises(Unauthenticated):
        city.roles(token)
    assert city.cloud.store.read(lambda tx: tx.memberships.find(Query())) == []


def test_what_is_inherited_reaches_all_below_and_not_the_place_itself(city: City) -> None:
    user, top = city.user("u"), city.project("top")
    middle = city.project("middle", parent_id=top)
    low = city.project("low", parent_id=middle)
    give(city, "reader", user_id=user, project_id=top, inherited="yes")
    for project in (middle, low):
        assert city.roles(city.sign_in(user, Scope(project_id=project)).token) == ["reader"]
    for project in (top, city.cloud.project):
        with pytest.raises(Unauthenticated):
            city.sign_in(user, Scope(project_id=project))
    mine = call_of(city, city.sign_in(user, Scope(project_id=low)).token)
    assert [p.name for p in scopes.own_projects(city.house, mine)] == ["low", "middle"]


def test_a_domains_inherited_role_is_on_its_projects_and_not_on_the_domain(city: City) -> None:
    home = domains.create(city.house, city.admin, Domain(id=DomainId(""), name="d")).id
    user, project = city.user("u", home), city.project("p", home)
    give(city, "member", user_id=user, domain_id=home, inherited="yes")
    assert "member" in city.roles(city.sign_in(user, Scope(project_id=project)).token)
    with pytest.raises(Unauthenticated):
        city.sign_in(user, Scope(whole_domain=home))
    give(city, "reader", user_id=user, domain_id=home)
    token = city.sign_in(user, Scope(whole_domain="d")).token
    assert city.roles(token) == ["reader"]
    mine = call_of(city, token)
    assert [d.id for d in scopes.own_domains(city.house, mine)] == [home]
    assert not scopes.own_system(city.house, mine)


def test_an_administrator_of_a_domain_has_no_project(city: City) -> None:
    user = city.user("u")
    give(city, "admin", user_id=user, domain_id="default")
    mine = call_of(city, city.sign_in(user, Scope(whole_domain="default")).token)
    assert people.users(city.house, mine, Query())
    with pytest.raises(Forbidden):
        _ = mine.project_id


def test_a_disabled_domain_lets_nobody_in_and_takes_all_along_when_it_goes(city: City) -> None:
    home = domains.create(city.house, city.admin, Domain(id=DomainId(""), name="d")).id
    inside, outside = city.user("u", home), city.user("v")
    project = city.project("p", home)
    for user in (inside, outside):
        people.assign(city.house, city.admin, user, project, "member")
    people.assign(city.house, city.admin, inside, city.cloud.project, "member")
    held = [
        city.sign_in(inside, Scope(project_id=city.cloud.project)).token,
        city.sign_in(outside, Scope(project_id=project)).token,
    ]
    with pytest.raises(Exception, match="enabled"):
        domains.delete(city.house, city.admin, home)
    domains.update(city.house, city.admin, home, {"enabled": False})
    for token in held:
        with pytest.raises(Unauthenticated):
            city.roles(token)
    with pytest.raises(Unauthenticated):
        city.sign_in(inside, Scope(unscoped=True))
    domains.delete(city.house, city.admin, home)
    with pytest.raises(NotFound):
        people.user(city.house, city.admin, inside)
    with pytest.raises(NotFound):
        people.project(city.house, city.admin, project)
    left = city.cloud.store.read(lambda tx: tx.assignments.find(Query()))
    assert not {inside, project, home} & {x for a in left for x in (a.user_id, a.project_id, a.domain_id)}


def test_effective_assignments_say_what_comes_of_those_that_were_given(city: City) -> None:
    user, other, top = city.user("u"), city.user("v"), city.project("top")
    low = city.project("low", parent_id=top)
    made = group(city, user, other)
    give(city, "member", group_id=made, project_id=top, inherited="yes")
    found = assignments.find(city.house, city.admin, Wanted(effective=True, project_id=low))
    assert {(one.held.user_id, one.held.role) for one in found} == {
        (who, role) for who in (user, other) for role in ("member", "reader")
    }
    assert {(one.given.group_id, one.given.project_id, one.given.role) for one in found} == {(made, top, "member")}
    assert assignments.find(city.house, city.admin, Wanted(effective=True, project_id=top)) == []
    subtree = assignments.find(city.house, city.admin, Wanted(project_id=top, subtree=True))
    assert [one.held.group_id for one in subtree] == [made]
    names = assignments.names(city.house, city.admin, found)
    assert names.projects[low].name == "low"
    assert names.domains["default"].name == "Default"
    with pytest.raises(Invalid):
        assignments.find(city.house, city.admin, Wanted(effective=True, group_id=made))


def test_people_see_their_own_assignments_only(city: City) -> None:
    user, project = city.user("u"), city.project("p")
    give(city, "reader", user_id=user, project_id=project)
    mine = call_of(city, city.sign_in(user, Scope(project_id=project)).token)
    assert {one.held.user_id for one in assignments.find(city.house, mine, Wanted())} == {user}
    with pytest.raises(Forbidden):
        assignments.find(city.house, mine, Wanted(user_id=city.admin.actor.user_id))
    with pytest.raises(Forbidden):
        assignments.assign(city.house, mine, Assignment(id="", role="admin", user_id=user, project_id=project))


def test_what_was_not_given_cannot_be_taken(city: City) -> None:
    user, project = city.user("u"), city.project("p")
    wish = give(city, "reader", user_id=user, project_id=project)
    give(city, "reader", user_id=user, project_id=project)
    assignments.check(city.house, city.admin, wish)
    assignments.unassign(city.house, city.admin, wish)
    for door in (assignments.unassign, assignments.check):
        with pytest.raises(NotFound):
            door(city.house, city.admin, wish)
    for wrong in (
        replace(wish, user_id="nobody"),
        replace(wish, project_id="nowhere"),
        replace(wish, role="norole"),
        replace(wish, user_id="", group_id="nogroup"),
        replace(wish, project_id="", domain_id="nowhere"),
    ):
        with pytest.raises(NotFound):
            assignments.assign(city.house, city.admin, wrong)
