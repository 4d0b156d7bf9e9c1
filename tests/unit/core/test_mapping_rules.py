"""Keystone's mapping rules: which hold, and whom they name."""

import msgspec
import pytest

from kumoi.core.mapping_rules import GroupName, Mapped, ProjectWish, mapped, read

SAID = {"name": ("hanako",), "groups": ("ops", "dev", "secret"), "mail": ("h@example.com",), "type": ("person",)}


def user_of(*rules: object) -> Mapped | None:
    return mapped(read(msgspec.json.encode(rules).decode()), SAID)


def rule(local: list[object], *remote: object) -> dict[str, object]:
    return {"local": local, "remote": list(remote)}


USER = {"user": {"name": "{0}"}}
NAME = {"type": "name"}


def test_places_are_filled_by_what_was_found_without_a_condition() -> None:
    first = {"type": "type", "any_one_of": ["person", "robot"]}
    found = user_of(rule([{"user": {"name": "{0} <{1}>", "email": "{1}"}}], first, NAME, {"type": "mail"}))
    assert found is not None
    assert (found.name, found.email, found.local) == ("hanako <h@example.com>", "h@example.com", False)


@pytest.mark.parametrize(
    "remote",
    [
        {"type": "absent"},
        {"type": "type", "any_one_of": ["robot"]},
        {"type": "type", "any_one_of": ["pers"]},
        {"type": "type", "not_any_of": ["person"]},
        {"type": "groups", "not_any_of": ["^sec"], "regex": True},
    ],
)
def test_a_rule_that_does_not_hold_names_nobody(remote: object) -> None:
    assert user_of(rule([USER], NAME, remote)) is None


def test_groups_come_of_all_rules_that_hold_and_filters_keep_some_out() -> None:
    home = {"name": "Corp"}
    white = {"type": "groups", "whitelist": ["^o"], "regex": True}
    black = {"type": "groups", "blacklist": ["secret", "ops"]}
    found = user_of(
        rule([USER, {"groups": "{1}", "domain": home}], NAME, white),
        rule([{"groups": "{0}", "domain": home}, {"group": {"id": "g-1"}}], black),
        rule([{"group": {"name": "never", "domain": home}}], {"type": "absent"}),
    )
    assert found is not None
    assert found.groups == (
        GroupName(name="ops", domain="Corp"),
        GroupName(name="dev", domain="Corp"),
        GroupName(id="g-1"),
    )


def test_projects_and_the_first_user_count() -> None:
    project = {"projects": [{"name": "of {0}", "roles": [{"name": "member"}, {"name": "reader"}]}]}
    found = user_of(rule([USER, project], NAME), rule([{"user": {"name": "another"}}], NAME))
    assert found is not None
    assert found.name == "hanako"
    assert found.projects == (ProjectWish(name="of hanako", roles=("member", "reader")),)


def test_a_place_is_a_number_and_nothing_else() -> None:
    found = user_of(rule([{"user": {"name": "{0.__class__}{1}x"}}], NAME))
    assert found is not None
    assert found.name == "{0.__class__}x"


def test_what_are_no_rules_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        read('[{"local": [{"user": {"type": "root"}}], "remote": []}]')
