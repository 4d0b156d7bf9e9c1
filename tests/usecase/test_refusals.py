"""What is refused, to whom, and in which words."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.usecase.cloud import Cloud

from kumoi.adapters.sql.connection import Again, unavailable
from kumoi.adapters.storage.os_errors import translated
from kumoi.api.edge.text import say, say_code
from kumoi.app.identity import tokens
from kumoi.app.identity.tokens import Scope, Who
from kumoi.app.instances import run
from kumoi.app.instances.wish import RunWish
from kumoi.core.addressing import block
from kumoi.core.errors import Forbidden, Invalid, TooLarge, Unauthenticated, Unavailable
from kumoi.core.ids import FlavorId
from kumoi.core.names import check_name


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def wish(cloud: Cloud, **more: object) -> RunWish:
    return RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image(), **more)  # type: ignore[arg-type]


def test_only_administrators_choose_a_host(cloud: Cloud) -> None:
    cloud.settle()
    here = wish(cloud, host_name="one")
    with pytest.raises(Forbidden):
        run.run(cloud.house, cloud.call(), here)
    assert run.run(cloud.house, cloud.call(admin=True), here)[0].status == "building"


def test_there_is_one_zone(cloud: Cloud) -> None:
    with pytest.raises(Invalid, match="availability_zone"):
        run.run(cloud.house, cloud.call(), wish(cloud, zone="nozone"))


def test_a_fault_names_no_host(cloud: Cloud) -> None:
    cloud.settle()
    big = replace(wish(cloud), flavor_id=FlavorId("6"))
    run.run(cloud.house, cloud.call(), big)
    refusal = run.run(cloud.house, cloud.call(), big)[0].refusal
    assert refusal is not None
    assert "nearest" not in refusal.facts
    assert "one" not in say_code(refusal.code, refusal.facts).split()
    assert "{" not in say_code(refusal.code, refusal.facts)


def test_counts_and_user_data_are_refused_in_their_own_terms(cloud: Cloud) -> None:
    with pytest.raises(Invalid) as counts:
        run.run(cloud.house, cloud.call(), wish(cloud, count_min=5, count_max=2))
    assert say(counts.value) == "Invalid input for min_count: 5 is greater than max_count, 2."
    with pytest.raises(TooLarge) as data:
        run.run(cloud.house, cloud.call(), wish(cloud, user_data="QUFB" * 20000))
    assert say(data.value) == "The user data (counted in base64) is too large: 80000, where 65535 is allowed."


def test_others_tokens_are_told_to_those_who_check_them(cloud: Cloud) -> None:
    admins = tokens.by_password(cloud.house, Who(user_name="admin"), "a", Scope(project_name="demo")).token
    demos = tokens.by_password(cloud.house, Who(user_name="demo"), "d", Scope(project_name="demo")).token
    demo, admin = cloud.call(), cloud.call(admin=True)
    assert tokens.tell(cloud.house, demo, demos).user.name == "demo"
    assert tokens.tell(cloud.house, admin, demos).user.name == "demo"
    for action in (tokens.tell, tokens.revoke):
        with pytest.raises(Forbidden):
            action(cloud.house, demo, admins)
    reader = replace(demo, actor=replace(demo.actor, project_id=None, system=True, roles=frozenset({"reader"})))
    assert tokens.tell(cloud.house, reader, admins).user.name == "admin"
    tokens.revoke(cloud.house, demo, demos)
    with pytest.raises(Unauthenticated):
        tokens.tell(cloud.house, admin, demos)


def test_a_full_disk_is_called_full() -> None:
    with pytest.raises(Unavailable) as bytes_refused, translated("storage", "write"):
        raise OSError(errno.ENOSPC, "No space left on device")
    for error in (bytes_refused.value, unavailable(Again("full", full=True))):
        assert say(error).startswith("The disk is full")
    assert "does not answer" in say(unavailable(Again("busy")))


def test_what_is_read_only_is_nobodys_to_change() -> None:
    error = Forbidden("image", action="image.set_status", reason="read_only", attribute="status", needs=[])
    assert say(error) == "status is read-only: it cannot be set or changed."


def test_a_role_that_is_missing_is_no_wrong_password(cloud: Cloud) -> None:
    for scope, reason in ((Scope(project_name="admin"), "no_access"), (Scope(system=True), "no_system_access")):
        with pytest.raises(Unauthenticated) as refused:
            tokens.by_password(cloud.house, Who(user_name="demo"), "d", scope)
        assert refused.value.facts["reason"] == reason


@pytest.mark.parametrize(
    ("name", "reason"), [("", "length"), ("x" * 256, "length"), ("   ", "characters"), ("a\0b", "characters")]
)
def test_a_name_is_refused_for_what_is_wrong_with_it(name: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_name(name, 255)
    assert refused.value.facts["reason"] == reason


def test_a_network_without_its_prefix_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        block("10.0.0.0")
    assert "10.0.0.0 is not a network" in say(refused.value)
