"""Projects in projects, their tags, and the password rules."""

import pytest
from msgspec.structs import replace
from tests.usecase.identity.conftest import City

from kumoi.app.identity import people, project_trees, tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.core.errors import Forbidden, InUse, Invalid, NotFound, Unauthenticated
from kumoi.core.ids import UserId
from kumoi.core.passwords import PasswordRules
from kumoi.core.project_tags import TagFilter


def test_a_tree_is_seen_from_both_ends(city: City) -> None:
    top = city.project("top")
    middle = city.project("middle", parent_id=top)
    low = city.project("low", parent_id=middle)
    assert [p.id for p in project_trees.parents(city.house, city.admin, low)] == [middle, top]
    assert [p.id for p in project_trees.subtree(city.house, city.admin, top)] == [middle, low]
    deepest = low
    for n in range(2):
        deepest = city.project(f"deep{n}", parent_id=deepest)
    with pytest.raises(Forbidden):
        city.project("too deep", parent_id=deepest)
    with pytest.raises(NotFound):
        city.project("lost", parent_id="nowhere")


def test_nothing_is_enabled_in_what_is_not(city: City) -> None:
    top = city.project("top")
    low = city.project("low", parent_id=top)
    with pytest.raises(Forbidden):
        people.update_project(city.house, city.admin, top, {"enabled": False})
    project_trees.switch_all(city.house, city.admin, top, enabled=False)
    assert not people.project(city.house, city.admin, low).enabled
    with pytest.raises(Forbidden):
        people.update_project(city.house, city.admin, low, {"enabled": True})
    with pytest.raises(Forbidden):
        city.project("new", parent_id=top)


def test_a_tree_goes_as_a_whole_or_not_at_all(city: City) -> None:
    top = city.project("top")
    low = city.project("low", parent_id=top)
    with pytest.raises(Forbidden):
        people.delete_project(city.house, city.admin, top)
    with pytest.raises(Forbidden):
        project_trees.delete_all(city.house, city.admin, top)
    within = replace(city.admin, actor=replace(city.admin.actor, project_id=low))
    create_networks(city.house, within, (NetworkWish(name="n"),))
    project_trees.switch_all(city.house, city.admin, top, enabled=False)
    with pytest.raises(InUse):
        project_trees.delete_all(city.house, city.admin, top)
    assert people.project(city.house, city.admin, low).id == low
    other = city.project("other")
    inner = city.project("inner", parent_id=other)
    project_trees.switch_all(city.house, city.admin, other, enabled=False)
    project_trees.delete_all(city.house, city.admin, other)
    for gone in (other, inner):
        with pytest.raises(NotFound):
            people.project(city.house, city.admin, gone)


def test_tags_are_set_added_and_looked_for(city: City) -> None:
    project = city.project("p")
    project_trees.set_tags(city.house, city.admin, project, ("blue", "red", "blue"))
    project_trees.add_tag(city.house, city.admin, project, "緑")
    project_trees.remove_tag(city.house, city.admin, project, "red")
    assert people.project(city.house, city.admin, project).tags == ("blue", "緑")
    project_trees.check_tag(city.house, city.admin, project, "blue")
    with pytest.raises(NotFound):
        project_trees.check_tag(city.house, city.admin, project, "red")
    for wrong in (("a,b",), ("a/b",), ("",), ("x" * 256,), tuple(map(str, range(81)))):
        with pytest.raises(Invalid):
            project_trees.set_tags(city.house, city.admin, project, wrong)


def test_a_tag_filter_says_all_any_and_none() -> None:
    held = ("a", "b")
    assert TagFilter(all_of=frozenset("ab")).admits(held)
    assert not TagFilter(all_of=frozenset("abc")).admits(held)
    assert TagFilter(any_of=frozenset("bc")).admits(held)
    assert not TagFilter(any_of=frozenset("c")).admits(held)
    assert TagFilter(not_all_of=frozenset("abc")).admits(held)
    assert not TagFilter(not_all_of=frozenset("ab")).admits(held)
    assert not TagFilter(not_any_of=frozenset("bc")).admits(held)


def ruled(city: City, **rules: str | int) -> UserId:
    """A user where these rules hold."""
    strict = PasswordRules(**rules)  # type: ignore[arg-type]
    city.house = replace(city.house, rules=replace(city.house.rules, passwords=strict))
    return city.user("u")


def enter(city: City, user: UserId, password: str = "p") -> None:
    tokens.by_password(city.house, Who(user_id=user), password, Scope(unscoped=True))


def test_too_many_wrong_passwords_shut_the_right_one_out_for_a_while(city: City) -> None:
    user = ruled(city, lockout_attempts=2, lockout_s=60)
    with pytest.raises(Unauthenticated):
        enter(city, user, "wrong")
    enter(city, user)  # which starts the count anew
    for password in ("wrong", "wrong", "p"):
        with pytest.raises(Unauthenticated):
            enter(city, user, password)
    city.cloud.clock.advance(61)
    enter(city, user)


def test_the_last_passwords_cannot_be_chosen_again_but_given_by_an_administrator(city: City) -> None:
    user = ruled(city, history=2)

    def change(old: str, new: str) -> None:
        people.change_password(city.house, "req", user, old, new)

    change("p", "q")
    for used in ("q", "p"):
        with pytest.raises(Invalid):
            change("q", used)
    change("q", "r")
    change("r", "p")
    people.update_user(city.house, city.admin, user, {}, "p")
    enter(city, user, "p")


def test_a_password_that_is_too_old_can_only_be_changed(city: City) -> None:
    user = ruled(city, expires_days=1)
    enter(city, user)
    city.cloud.clock.advance(86_401)
    with pytest.raises(Unauthenticated) as refusal:
        enter(city, user)
    assert refusal.value.facts["reason"] == "password_expired"
    people.change_password(city.house, "req", user, "p", "q")
    enter(city, user, "q")


def test_a_password_must_look_as_the_pattern_says(city: City) -> None:
    user = ruled(city, pattern="[a-z]+")
    with pytest.raises(Invalid):
        people.change_password(city.house, "req", user, "p", "P1")
    with pytest.raises(Invalid):
        people.update_user(city.house, city.admin, user, {}, "P1")
    enter(city, user)
